/* SPDX-License-Identifier: MIT */
/*
 * An image is opened for what it is, only one guest at a time may write to
 * it, QEMU's tools see that, and what cannot be a disk is refused with a
 * sentence and without hanging.
 */
#include "config.h"

#include "backends/blk/image.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed;

#define CHECK(cond, ...) do {						\
	if (!(cond)) {							\
		failed++;						\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	}								\
} while (0)

static void make(const char *name, off_t size)
{
	int fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size) < 0) {
		printf("cannot make %s: %s\n", name, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void test_kinds(void)
{
	static const struct {
		const char *sentence, *path;
		bool readonly;
		int want;
	} kinds[] = {
		{ "a file to write", "disk", false, 0 },
		{ "a file to read", "disk", true, 0 },
		{ "a file with half a sector at its end", "odd", false, 0 },
		{ "a file that is not there", "none", false, -ENOENT },
		{ "an empty file", "empty", false, -EINVAL },
		{ "less than a sector", "tiny", false, -EINVAL },
		{ "a pipe without a writer", "pipe", true, -EINVAL },
		{ "a folder", ".", true, -EINVAL },
		{ "a character device", "/dev/zero", true, -EINVAL },
	};

	make("disk", 1 << 20);
	make("odd", (1 << 20) + 300);
	make("empty", 0);
	make("tiny", 511);
	CHECK(!mkfifo("pipe", 0600), "mkfifo: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char why[IMAGE_WHY_MAX];
		struct image img;
		int r = image_open(kinds[i].path, kinds[i].readonly, &img,
				   why);

		CHECK(r == kinds[i].want, "%s: want %d, got %d (%s)",
		      kinds[i].sentence, kinds[i].want, r, why);
		CHECK(!r == !*why, "%s: says '%s'", kinds[i].sentence, why);
		if (!r) {
			CHECK(img.size == 1 << 20, "%s: size %llu",
			      kinds[i].sentence, (unsigned long long)img.size);
			CHECK(img.block_size == 512, "%s: block size %u",
			      kinds[i].sentence, img.block_size);
			CHECK(img.readonly ==
			      ((fcntl(img.fd, F_GETFL) & O_ACCMODE) ==
			       O_RDONLY),
			      "%s: opened with the wrong right",
			      kinds[i].sentence);
		}
		image_close(&img);
	}
}

static void test_sharing(void)
{
	static const struct {
		const char *sentence;
		bool first_readonly, second_readonly;
		int want;
	} pairs[] = {
		{ "two readers", true, true, 0 },
		{ "a reader, then a writer", true, false, -EAGAIN },
		{ "a writer, then a reader", false, true, -EAGAIN },
		{ "two writers", false, false, -EAGAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char why[IMAGE_WHY_MAX];
		struct image a, b;
		int r = image_open("disk", pairs[i].first_readonly, &a, why);

		CHECK(!r, "%s: the first: %d", pairs[i].sentence, r);
		r = image_open("disk", pairs[i].second_readonly, &b, why);
		CHECK(r == pairs[i].want, "%s: want %d, got %d",
		      pairs[i].sentence, pairs[i].want, r);
		image_close(&b);
		image_close(&a);
	}
}

/* Exit status of qemu-img opening the image to write; 127: not there. */
static int qemu_img_writes(void)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		if (!freopen("/dev/null", "w", stderr) ||
		    !freopen("/dev/null", "w", stdout))
			_exit(126);
		execlp("qemu-img", "qemu-img", "resize", "-f", "raw", "disk",
		       "1048576", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void test_qemu_sees(void)
{
	char why[IMAGE_WHY_MAX];
	struct image img;
	int r;

	fflush(stdout);
	r = qemu_img_writes();
	if (r == 127) {
		printf("qemu-img is not here, its view was not tested\n");
		return;
	}
	CHECK(!r, "qemu-img may not write to a free image: %d", r);
	for (int readonly = 0; readonly < 2; readonly++) {
		CHECK(!image_open("disk", readonly, &img, why), "%s", why);
		CHECK(qemu_img_writes(), "qemu-img writes to an image that a "
		      "guest %s", readonly ? "reads" : "writes");
		image_close(&img);
	}
	CHECK(!qemu_img_writes(), "the lock outlived the image");
}

int main(void)
{
	char dir[] = "test-blk-image.XXXXXX";
	static const char *const made[] = { "disk", "odd", "empty", "tiny",
					    "pipe" };

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	test_kinds();
	test_sharing();
	test_qemu_sees();
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		unlink(made[i]);
	if (chdir("..") < 0 || rmdir(dir) < 0)
		return 1;
	return failed != 0;
}
