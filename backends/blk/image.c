/* SPDX-License-Identifier: MIT */
/* See image.h. */
#include "config.h"

#include "backends/blk/image.h"

#include "lib/cleanup.h"
#include "lib/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SECTOR 512u

/* QEMU's permissions, as bits; a byte of the file stands for each. */
#define PERM_READ 0		/* consistent reads */
#define PERM_WRITE 1
#define LOCK_HAS 100		/* + permission: somebody has it */
#define LOCK_DENIES 200		/* + permission: somebody wants nobody to have it */

static int refuse(int err, char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(int err, char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, IMAGE_WHY_MAX, fmt, args);
	va_end(args);
	return err;
}

/* -- who has it? ------------------------------------------------------------ */

static bool process_has(const char *pid, const char *file)
{
	char path[300], link[PATH_MAX];
	DIR *dir;
	struct dirent *d;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link,
				       sizeof(link) - 1);

		if (n < 0)
			continue;
		link[n] = '\0';
		found = !strcmp(link, file);
	}
	closedir(dir);
	return found;
}

/*
 * " (by NAME, process PID)" of another process that has PATH open, or "" and
 * false. Compares names of links only: a stat() could hang on a dead server.
 */
static bool find_holder(const char *path, char *buf, size_t size)
{
	CLEANUP_FREE char *file = realpath(path, NULL);
	DIR *dir = opendir("/proc");
	struct dirent *d;
	uint64_t pid;

	*buf = '\0';
	if (!dir)
		return false;
	while (file && (d = readdir(dir))) {
		CLEANUP_FCLOSE FILE *f = NULL;
		char comm[300], name[32] = "";

		if (num_parse(d->d_name, 1, INT_MAX, &pid) ||
		    pid == (uint64_t)getpid() || !process_has(d->d_name, file))
			continue;
		snprintf(comm, sizeof(comm), "/proc/%s/comm", d->d_name);
		f = fopen(comm, "re");
		if (f && fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		snprintf(buf, size, " (by %s, process %.10s)", name,
			 d->d_name);
		break;
	}
	closedir(dir);
	return *buf;
}

/* -- locks ------------------------------------------------------------------- */

static int lock_byte(int fd, off_t byte)
{
	struct flock l = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET,
		.l_start = byte, .l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
}

/* Has anybody else locked BYTE? */
static int lock_taken(int fd, off_t byte)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = byte, .l_len = 1,
	};

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -errno;
	return l.l_type == F_UNLCK ? 0 : -EBUSY;
}

/*
 * Say what we have and what we deny others, then look whether that collides
 * with somebody. In this order two who come at once may both lose, but never
 * both win.
 */
static int image_lock(int fd, bool readonly)
{
	int r = lock_byte(fd, LOCK_HAS + PERM_READ);

	if (!r && !readonly)
		r = lock_byte(fd, LOCK_HAS + PERM_WRITE);
	if (!r)
		r = lock_byte(fd, LOCK_DENIES + PERM_WRITE);
	if (!r)
		r = lock_taken(fd, LOCK_DENIES + PERM_READ);
	if (!r && !readonly)
		r = lock_taken(fd, LOCK_DENIES + PERM_WRITE);
	if (!r)
		r = lock_taken(fd, LOCK_HAS + PERM_WRITE);
	return r;
}

/* -- open ---------------------------------------------------------------------- */

static int reopen(int path_fd, int flags)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* May a 512-byte piece of FD be read past the page cache? */
static bool direct_fine(int fd, uint64_t size)
{
	CLEANUP_FREE void *buf = NULL;

	if (size < 2 * SECTOR || posix_memalign(&buf, 4096, 4096))
		return false;
	return pread(fd, buf, SECTOR, SECTOR) == (ssize_t)SECTOR;
}

static int open_typed(const char *path, int path_fd, struct image *img,
		      char *why)
{
	int flags = img->readonly ? O_RDONLY : O_RDWR;
	char holder[80];
	int fd;

	/* a device with O_EXCL: nobody has it mounted or swaps to it */
	if (img->block_device && !img->readonly)
		flags |= O_EXCL;
	fd = reopen(path_fd, flags | O_DIRECT);
	img->direct = fd >= 0;
	if (fd == -EINVAL)
		fd = reopen(path_fd, flags);
	if (fd == -EBUSY) {
		bool found = find_holder(path, holder, sizeof(holder));

		return refuse(found ? -EBUSY : -EAGAIN, why, "it is in use on this host%s: unmount "
			      "it or stop its user, or use mode r", holder);
	}
	if (fd == -EACCES || fd == -EPERM || fd == -EROFS)
		return refuse(fd, why, "it cannot be opened for %s: check its "
			      "permissions", img->readonly ? "reading" :
			      "writing (for reading only, use mode r)");
	if (fd < 0)
		return refuse(fd, why, "it cannot be opened");
	img->fd = fd;
	return 0;
}

static int learn_file(struct image *img, const struct stat *st)
{
	/* beyond the end nothing is lost, but a refusal shows */
	off_t probe = (st->st_size | 0xfffff) + 1;

	img->size = st->st_size / SECTOR * SECTOR;
	img->block_size = SECTOR;
	img->physical_size = st->st_blksize >= 4096 ? 4096 : SECTOR;
	if (img->direct && !direct_fine(img->fd, img->size)) {
		/* its blocks are larger than a guest's sectors */
		int flags = fcntl(img->fd, F_GETFL);

		if (flags < 0 ||
		    fcntl(img->fd, F_SETFL, flags & ~O_DIRECT) < 0)
			return -errno;
		img->direct = false;
	}
	img->discard = !img->readonly &&
		       !fallocate(img->fd, FALLOC_FL_PUNCH_HOLE |
				  FALLOC_FL_KEEP_SIZE, probe, 4096);
	img->discard_granularity = 4096;
	return 0;
}

/* A number in a file of the device's folder in sysfs; 0 when there is none. */
static uint64_t sysfs_number(dev_t dev, const char *name)
{
	char path[128], line[32];
	CLEANUP_FCLOSE FILE *f = NULL;
	uint64_t n = 0;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(dev),
		 minor(dev), name);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	line[strcspn(line, "\n")] = '\0';
	return num_parse(line, 0, UINT32_MAX, &n) ? 0 : n;
}

/* A partition has no queue of its own: its disk has, one folder up. */
static uint64_t queue_number(dev_t dev, const char *name)
{
	char path[64];
	uint64_t n;

	snprintf(path, sizeof(path), "queue/%s", name);
	n = sysfs_number(dev, path);
	if (n)
		return n;
	snprintf(path, sizeof(path), "../queue/%s", name);
	return sysfs_number(dev, path);
}

static int learn_device(struct image *img, const struct stat *st)
{
	int block = 0;
	unsigned int physical = 0;

	if (ioctl(img->fd, BLKGETSIZE64, &img->size) < 0 ||
	    ioctl(img->fd, BLKSSZGET, &block) < 0 ||
	    ioctl(img->fd, BLKPBSZGET, &physical) < 0)
		return -errno;
	img->block_size = block;
	img->physical_size = physical;
	img->discard_granularity = queue_number(st->st_rdev,
						"discard_granularity");
	img->discard_alignment = sysfs_number(st->st_rdev,
					      "discard_alignment");
	img->discard = !img->readonly && img->discard_granularity;
	return 0;
}

static int image_learn(struct image *img, const struct stat *st, char *why)
{
	int r = img->block_device ? learn_device(img, st) :
				    learn_file(img, st);

	if (r < 0)
		return refuse(r, why, "its size cannot be read");
	if (img->block_size != 512 && img->block_size != 4096)
		return refuse(-EINVAL, why, "it has blocks of %u bytes: only "
			      "512 and 4096 can be shown to a guest",
			      img->block_size);
	if (img->physical_size < img->block_size)
		img->physical_size = img->block_size;
	img->size -= img->size % img->block_size;
	if (!img->size)
		return refuse(-EINVAL, why, "it is empty: not even one block "
			      "of %u bytes", img->block_size);
	return 0;
}

int image_open(const char *path, bool readonly, struct image *img, char *why)
{
	CLEANUP_CLOSE int path_fd = open(path, O_PATH | O_CLOEXEC);
	char holder[80];
	struct stat st;
	int r;

	*img = (struct image){ .fd = -1, .readonly = readonly };
	*why = '\0';
	if (path_fd < 0)
		return refuse(-errno, why, "it cannot be found");
	if (fstat(path_fd, &st) < 0)
		return refuse(-errno, why, "it cannot be looked at");
	img->block_device = S_ISBLK(st.st_mode);
	if (!S_ISREG(st.st_mode) && !img->block_device)
		return refuse(-EINVAL, why,
			      "it is neither a file nor a block device");
	r = open_typed(path, path_fd, img, why);
	if (r < 0)
		return r;
	r = image_lock(img->fd, readonly);
	if (r == -EBUSY || r == -EAGAIN || r == -EACCES) {
		bool found = find_holder(path, holder, sizeof(holder));

		r = refuse(found ? -EBUSY : -EAGAIN, why,
			   "it is in use%s: %s", holder, readonly ?
			   "somebody writes to it" : "a writable image has "
			   "one user; stop it, or use mode r for both");
	} else if (r < 0) {
		r = refuse(r, why, "it cannot be locked");
	} else {
		r = image_learn(img, &st, why);
	}
	if (r < 0)
		image_close(img);
	return r;
}

void image_close(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	img->fd = -1;
}
