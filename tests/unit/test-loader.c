/* SPDX-License-Identifier: MIT */
/*
 * A guest's bootloader gets libxl's arguments, a terminal that is the guest's
 * console, and an end; what it says is taken apart without a word of it being
 * believed. The loaders here are scripts.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"
#include "tools/xl-lite/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"

#define BASE "name='g';memory=64;bootloader='pygrub';disk=['/d,raw,xvda,w']\n"

static char top[] = "/tmp/test-loader.XXXXXX";
static char folder[64], script[64];
static int failures;

static void check(bool good, const char *what, const char *got)
{
	if (good)
		return;
	failures++;
	printf("not so: %s; got: %s\n", what, got);
}

/* -- arguments ------------------------------------------------------------------ */

static const struct {
	const char *input;
	long runas;
	const char *want;
} args[] = {
	{ "", 0, "/pygrub --output=/f/result --output-format=simple0 "
		 "--output-directory=/f/files /d" },
	{ "kernel='/k';ramdisk='/r';root='/dev/xvda1';extra='a b'", 0,
	  "/pygrub --kernel=/k --ramdisk=/r --args=root=/dev/xvda1 a b "
	  "--output=/f/result --output-format=simple0 "
	  "--output-directory=/f/files /d" },
	{ "bootloader_args=['-q','--entry=a b']", 0,
	  "/pygrub --output=/f/result --output-format=simple0 "
	  "--output-directory=/f/files -q --entry=a b /d" },
	{ "bootloader_args=' -q\t--entry=1 '", 0,
	  "/pygrub --output=/f/result --output-format=simple0 "
	  "--output-directory=/f/files -q --entry=1 /d" },
	{ "cmdline=''", 7,
	  "/pygrub --runas=7 --quiet --output=/f/result "
	  "--output-format=simple0 --output-directory=/f/files /d" },
};

static void test_args(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
		CLEANUP_DIAGS struct diags diags = { 0 };
		CLEANUP(arena_free) struct arena arena = { NULL };
		struct loader_request r = {
			.program = "/pygrub", .folder = "/f", .disk = "/d",
			.runas = args[i].runas,
		};
		struct text t = { .used = 0 }, input = { .used = 0 };
		char **argv;

		say(&input, BASE "%s", args[i].input);
		if (guest_config_parse("t", input.s, input.used, NULL, 0,
				       &diags, &config)) {
			say_diags(&t, &diags);
			check(false, args[i].input, t.s);
			continue;
		}
		r.config = config;
		argv = loader_args(&arena, &r);
		for (size_t a = 0; argv && argv[a]; a++)
			say(&t, "%s%s", a ? " " : "", argv[a]);
		failures += expect(args[i].input, args[i].want, t.s);
	}
}

/* -- what it says ---------------------------------------------------------------- */

#define ITEM(text) text "\0"
#define K "kernel /f/files/k\0"
#define NO_KERNEL "what it said names no kernel: is it a bootloader for Xen?"
#define OUTSIDE "it named a kernel that is not in the folder it was given for that"

static const struct {
	const char *said;
	size_t size;
	const char *want;
} said[] = {
#define SAID(text) text, sizeof(text) - 1
	{ SAID(K), "/f/files/k" },
	{ SAID(K "ramdisk /f/files/r\0" "args ro  quiet\0\0"),
	  "/f/files/k /f/files/r 'ro  quiet'" },
	{ SAID("kernel /f/files/k"), "/f/files/k" },	/* not ended */
	{ SAID("kernel \t /f/files//k\0"), "/f/files/k" },
	{ SAID(K "kernel /f/files/other\0"), "/f/files/other" },
	{ SAID(K "colour red\0"), "/f/files/k" },
	{ SAID(K "args \0"), "/f/files/k ''" },
	{ SAID(""), "it named no kernel" },
	{ SAID("\0\0\0"), NO_KERNEL },
	{ SAID("kernel\0"), NO_KERNEL },
	{ SAID("kernels /f/files/k\0"), NO_KERNEL },
	{ SAID("(linux (kernel /f/files/k))\n"), NO_KERNEL },
	/* ways out of the folder */
	{ SAID("kernel /boot/vmlinuz\0"), OUTSIDE },
	{ SAID("kernel /f/files\0"), OUTSIDE },
	{ SAID("kernel /f/files/\0"), OUTSIDE },
	{ SAID("kernel /f/files/.\0"), OUTSIDE },
	{ SAID("kernel /f/files/..\0"), OUTSIDE },
	{ SAID("kernel /f/files/../result\0"), OUTSIDE },
	{ SAID("kernel /f/files/a/b\0"), OUTSIDE },
	{ SAID("kernel files/k\0"), OUTSIDE },
	{ SAID(K "ramdisk /etc/shadow\0"),
	  "it named a ramdisk that is not in the folder it was given for that" },
};

static void describe(struct text *t, const struct loader_found *found)
{
	say(t, "%s", found->kernel);
	if (found->ramdisk[0])
		say(t, " %s", found->ramdisk);
	if (found->has_args)
		say(t, " '%s'", found->args);
}

static void test_parse(void)
{
	static char long_args[LOADER_ARGS_MAX + 64];
	struct loader_found found;
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct text t = { .used = 0 };

		why = loader_parse(said[i].said, said[i].size, "/f", &found);
		if (why)
			say(&t, "%s", why);
		else
			describe(&t, &found);
		failures += expect(said[i].said, said[i].want, t.s);
	}
	memset(long_args, 'a', sizeof(long_args));
	memcpy(long_args, "args ", 5);
	why = loader_parse(long_args, LOADER_ARGS_MAX + 5, "/f", &found);
	check(why && strstr(why, "too long"), "a command line that is too long",
	      why ? why : "nothing");
	why = loader_parse(long_args, LOADER_RESULT_MAX + 1, "/f", &found);
	check(why && strstr(why, "too much"), "more than can be",
	      why ? why : "nothing");
}

/* -- its last words --------------------------------------------------------------- */

static void test_last_words(void)
{
	static const struct {
		const char *said, *want;
	} cases[] = {
		{ "", "" },
		{ "one\ntwo", "one|two|" },
		{ "one\r\n\r\ntwo\r\n", "one|two|" },
		{ "1\n2\n3\n4\n5\n6\n7\n", "2|3|4|5|6|7|" },
		{ "\033[1;1Ha \033[31mred\033[0m box   \033[5;2Hbelow\n",
		  "a red box|below|" },
		{ "\007bell \302\233not a control\n", "bell not a control|" },
		{ "\033", "" },
		{ "\033[9999999999", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct last_words w = { .count = 0 };
		struct text t = { .used = 0 };
		const char *line;

		last_words_add(&w, cases[i].said, strlen(cases[i].said));
		for (unsigned int n = 0; (line = last_words_line(&w, n)); n++)
			say(&t, "%s|", line);
		failures += expect(cases[i].said, cases[i].want, t.s);
	}
	for (int i = 0; i < 2; i++) {
		struct last_words w = { .count = 0 };

		for (int n = 0; n < 100000; n++)
			last_words_add(&w, i ? "\033[2J" : "xyz", i ? 4 : 3);
		check(i || strlen(last_words_line(&w, 0)) ==
		      LAST_WORDS_LINE - 1, "a long line is cut", "it is not");
	}
}

/* -- the process ------------------------------------------------------------------ */

static void write_script(const char *text)
{
	int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd == -1 || dprintf(fd, "#!/bin/sh\ndir=${1%%/files}\n%s\n",
				text) < 0) {
		perror(script);
		exit(99);
	}
	close(fd);
}

/* What it has started is ours to bury; that ends for all that is dead. */
static bool is_gone(pid_t group)
{
	while (waitpid(-group, NULL, 0) > 0)
		;
	return kill(-group, 0) == -1 && errno == ESRCH;
}

static bool always(void *arg)
{
	(*(int *)arg)++;
	return true;
}

/* A descriptor that can be read, or not. */
static int readable(bool now)
{
	int ends[2];

	if (pipe(ends) || (now && write(ends[1], "", 1) != 1))
		exit(99);
	if (now)
		close(ends[1]);	/* else it hung up, which is news as well */
	return ends[0];
}

struct run {
	struct loader l;
	struct relay relay;
	int err;
};

/* Run TEXT as a loader; relay_close() is the caller's. */
static void run(struct run *r, const char *text)
{
	static char files[80];
	static char *argv[] = { script, files, NULL };

	write_script(text);
	snprintf(files, sizeof(files), "%s/files", folder);
	r->err = loader_folder_make(folder);
	if (!r->err && r->relay.console_path[0] == '\0')
		r->err = relay_open(&r->relay);
	check(r->err == 0, "a folder and terminals", strerror(-r->err));
	r->l.argv = argv;
	r->l.folder = folder;
	r->l.relay = &r->relay;
	r->err = loader_run(&r->l);
}

static const struct run quiet = { .l = { .interrupt_fd = -1, .news_fd = -1 } };

static void test_good(void)
{
	static struct run r;
	struct loader_found found;
	const char *why;

	r = quiet;
	run(&r, "echo kernel >$dir/files/k; echo ramdisk >$dir/files/r\n"
		"printf 'kernel %s/files/k\\0' $dir >$dir/result\n"
		"printf 'ramdisk %s/files/r\\0args a b\\0' $dir >$dir/result\n"
		"echo $TERM; tty; test -t 0 && test -t 1 && test -t 2");
	check(r.err == 0 && r.l.status == 0, "it ends well",
	      last_words_line(&r.relay.said, 0));
	check(strcmp(last_words_line(&r.relay.said, 0), "vt100") == 0,
	      "its terminal is a vt100", last_words_line(&r.relay.said, 0));
	why = loader_parse(r.l.result, r.l.result_size, folder, &found);
	check(!why && strcmp(found.args, "a b") == 0, "it has found them",
	      why ? why : found.args);
	why = loader_check_files(&found);
	check(!why, "its files are there", why);
	relay_close(&r.relay);

	/* files that are none */
	unlink(found.ramdisk);
	check(loader_check_files(&found), "no ramdisk is noticed", "nothing");
	if (symlink("/etc/passwd", found.ramdisk))
		exit(99);
	check(loader_check_files(&found), "nor a link", "nothing");
	found.ramdisk[0] = '\0';
	check(truncate(found.kernel, 0) == 0 && loader_check_files(&found),
	      "an empty kernel is noticed", "nothing");
	check(truncate(found.kernel, LOADER_FILE_MAX + 1) == 0 &&
	      loader_check_files(&found), "one too large, too", "nothing");
	unlink(found.kernel);
	check(mkfifo(found.kernel, 0600) == 0 && loader_check_files(&found),
	      "and one that would be waited for", "nothing");
}

static void test_bad(void)
{
	static struct run r;
	struct run_case {
		const char *what, *text;
		bool interrupted, news;
		uint64_t deadline_ns;
		int err;
	};
	static const struct run_case cases[] = {
		{ "it hangs, and we are interrupted",
		  "cat <$dir/result", true, false, 0, -EINTR },
		{ "it hangs, and nobody wants it any more",
		  "trap '' TERM HUP; read line", false, true, 0, -ESTALE },
		{ "it hangs, and is too late", "read line", false, false, 1,
		  -ETIMEDOUT },
		{ "it says far too much", "yes >$dir/result", false, false, 0,
		  -EMSGSIZE },
		{ "it talks for ever", "yes", true, false, 0, -EINTR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct run_case *c = &cases[i];
		int interrupt = readable(c->interrupted), asked = 0;
		int news = readable(c->news);

		r = quiet;
		r.l.interrupt_fd = c->interrupted ? interrupt : -1;
		r.l.news_fd = c->news ? news : -1;
		r.l.stale = always;
		r.l.arg = &asked;
		r.l.deadline_ns = c->deadline_ns;
		run(&r, c->text);
		check(r.err == c->err, c->what, strerror(-r.err));
		check(asked == c->news, "it is asked whether it is wanted",
		      c->what);
		check(r.l.pid > 0 && is_gone(r.l.pid),
		      "nothing of it runs on", c->what);
		relay_close(&r.relay);
		close(interrupt);
		close(news);
	}
	r = quiet;
	run(&r, "echo no such disk >&2; exit 3");
	check(r.err == 0 && WIFEXITED(r.l.status) &&
	      WEXITSTATUS(r.l.status) == 3, "a failure is told",
	      strerror(-r.err));
	check(strcmp(last_words_line(&r.relay.said, 0), "no such disk") == 0,
	      "with its words", last_words_line(&r.relay.said, 0));
	relay_close(&r.relay);

	/* what it leaves running */
	r = quiet;
	run(&r, "cat /dev/zero >/dev/null &\necho ended");
	check(r.err == 0 && r.l.status == 0, "one that leaves a child ends",
	      strerror(-r.err));
	check(is_gone(r.l.pid), "its child ends with it", "it runs on");
	relay_close(&r.relay);
}

/* One in a session of its own could change files after they were checked. */
static void test_left_behind(void)
{
	static struct run r;
	char path[128];
	int fd;

	if (geteuid() != 0)
		return;		/* namespaces are for root */
	r = quiet;
	run(&r, "echo kernel >$dir/files/k\n"
		"setsid flock $dir/files/k sleep 1000 &\n"
		"while flock -n $dir/files/k true; do :; done");
	check(r.err == 0 && r.l.status == 0, "one that leaves a session ends",
	      strerror(-r.err));
	snprintf(path, sizeof(path), "%s/files/k", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0,
	      "and that with it", "it holds the file");
	close(fd);
	relay_close(&r.relay);
}

/* Each line is what a loader that was taken over would like to do. */
static const char *const forbidden[] = {
	"echo >$disk", "echo >/usr/x", "echo >/x", "echo >$dir/x",
	"cat /etc/passwd", "ls /proc/self", "ls /sys/kernel", "ls /run",
	"ls /root", "ls /dev/mem", "test -e $other", "kill -0 $us",
	"mknod $dir/files/mem c 1 1", "mount -t proc proc /usr",
	"unshare -m true", "chown 1 $dir/files", "chroot /usr true",
	"hostname x", "setpriv --reuid 1 true",
};

static void test_caged(void)
{
	static struct run r;
	static char text[4096];
	static char sh[] = "/bin/sh", option[] = "-c";
	static char *argv[] = { sh, option, text, NULL };
	char disk[64], other[64];
	const char *line;
	size_t n;

	if (geteuid() != 0)
		return;
	snprintf(disk, sizeof(disk), "%s/disk", top);
	snprintf(other, sizeof(other), "%s/other-disk", top);
	n = snprintf(text, sizeof(text), "dir=%s disk=%s other=%s us=%d wrong=0\n"
		     "no() { eval \"$1\" >/dev/null 2>&1 && wrong=$((wrong + 1)) &&"
		     " echo \"$1\"; }\n", folder, disk, other,
		     (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		n += snprintf(text + n, sizeof(text) - n, "no '%s'\n",
			      forbidden[i]);
	snprintf(text + n, sizeof(text) - n,
		 "cat $disk >$dir/files/k || wrong=99\n"
		 "printf 'kernel %%s\\0' $dir/files/k >$dir/result\n"
		 "exit $wrong");
	for (int i = 0; i < 2; i++) {
		int fd = open(i ? other : disk, O_CREAT | O_WRONLY | O_CLOEXEC,
			      0600);

		if (fd == -1 || write(fd, "kernel", 6) != 6)
			exit(99);
		close(fd);
	}
	r = quiet;
	r.l.argv = argv;
	r.l.caged_disk = disk;
	if (loader_folder_make(folder) || relay_open(&r.relay))
		exit(99);
	r.l.folder = folder;
	r.l.relay = &r.relay;
	r.err = loader_run(&r.l);
	check(r.err == 0 && r.l.status == 0, "a caged one ends well",
	      strerror(-r.err));
	for (unsigned int i = 0; r.l.status &&
	     (line = last_words_line(&r.relay.said, i)); i++)
		check(false, "it cannot do this", line);
	check(r.l.result_size > 8, "it is heard", "it is not");
	relay_close(&r.relay);
	unlink(disk);
	unlink(other);
}

/* Who looks at the guest's console sees it, and is heard by it. */
static void test_console(void)
{
	static struct run r;
	char seen[256];
	ssize_t n;
	int tty;

	r = quiet;
	if (relay_open(&r.relay) || (tty = open(r.relay.console_path, O_RDWR |
						O_NOCTTY | O_CLOEXEC)) == -1)
		exit(99);
	check(write(tty, "two\n", 4) == 4, "a key", "not typed");
	run(&r, "echo choose one; read line; echo you chose $line");
	n = read(tty, seen, sizeof(seen) - 1);
	seen[n > 0 ? n : 0] = '\0';
	check(strstr(seen, "choose one"), "its menu is seen", seen);
	check(strstr(seen, "you chose two"), "and the choice is heard", seen);
	close(tty);
	relay_close(&r.relay);
}

static void test_folder(void)
{
	char path[128];
	struct stat st;

	check(loader_folder_make(folder) == 0, "make it", "not");
	snprintf(path, sizeof(path), "%s/files/deep", folder);
	check(mkdir(path, 0700) == 0, "a folder in it", path);
	snprintf(path, sizeof(path), "%s/files/deep/link", folder);
	check(symlink(top, path) == 0, "and a link", path);
	check(loader_folder_make(folder) == 0, "make it anew", "not");
	check(lstat(path, &st) == -1 && stat(top, &st) == 0,
	      "what was there is gone, what is elsewhere is not", path);
	check(stat(folder, &st) == 0 && (st.st_mode & 07777) == 0700,
	      "it is ours alone", "it is not");
	check(loader_folder_remove(folder) == 0 && stat(folder, &st) == -1,
	      "it goes", "it does not");
	check(loader_folder_remove(folder) == 0, "it is gone already", "not");
}

int main(void)
{
	if (!mkdtemp(top) || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 99;
	alarm(60);	/* one that is not killed would be waited for */
	snprintf(folder, sizeof(folder), "%s/folder", top);
	snprintf(script, sizeof(script), "%s/script", top);
	test_args();
	test_parse();
	test_last_words();
	test_folder();
	test_good();
	test_bad();
	test_left_behind();
	test_caged();
	test_console();
	loader_folder_remove(top);
	return failures != 0;
}
