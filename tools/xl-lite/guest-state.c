/* SPDX-License-Identifier: MIT */
/*
 * What is kept on disk of a guest that is minded; see guest-state.h. The file
 * is lines of a word and its value, the last of which says how many bytes of
 * configuration follow:
 *
 *	xl-lite-guest 1
 *	uuid 00112233-4455-6677-8899-aabbccddeeff
 *	boot c0ffee00-...
 *	started 123456789
 *	short-lives 0
 *	mac 0 00:16:3e:11:22:33
 *	genid 00112233-4455-6677-8899-aabbccddeeff
 *	folder /root
 *	config 34
 *	name = "web"
 *	...
 *
 * Values of an unknown word are skipped: a later version may have written it.
 */
#include "config.h"

#include "tools/xl-lite/guest-state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/uuid.h"

#define LIVE_PREFIX "userdata-d."
#define LIVE_SUFFIX ".xl-lite"
#define MAGIC "xl-lite-guest 1"

/* Lines, and the largest configuration there can be. */
#define STATE_SIZE_MAX (CFG_MAX_SIZE + 256 * 1024)

/* As many as a configuration may have. */
#define VIFS_MAX 4096

/* -- text ------------------------------------------------------------------- */

static void print_mac(const struct vif_config *vif, size_t i, FILE *to)
{
	const uint8_t *m = vif->mac;

	if (vif->mac_set)
		fprintf(to, "mac %zu %02x:%02x:%02x:%02x:%02x:%02x\n", i, m[0],
			m[1], m[2], m[3], m[4], m[5]);
}

int guest_state_print(const struct guest_state *s, FILE *to)
{
	const struct guest_config *c = s->config;
	char uuid[UUID_TEXT_SIZE];

	uuid_format(c->uuid, uuid);
	fprintf(to, MAGIC "\nuuid %s\nboot %s\nstarted %llu\nshort-lives %u\n",
		uuid, s->boot, (unsigned long long)s->started_ns,
		s->short_lives);
	if (s->aside) {
		uuid_format(s->aside_uuid, uuid);
		fprintf(to, "aside %s\n", uuid);
	}
	for (size_t i = 0; i < c->num_vifs; i++)
		print_mac(&c->vifs[i], i, to);
	if (c->hvm.genid_set) {
		uuid_format(c->hvm.genid, uuid);
		fprintf(to, "genid %s\n", uuid);
	}
	/* it may have been renamed since */
	if (c->name && !strchr(c->name, '\n'))
		fprintf(to, "name %s\n", c->name);
	/* a folder whose name has a newline cannot be told: it is the root */
	fprintf(to, "folder %s\nconfig %zu\n",
		strchr(s->folder, '\n') ? "/" : s->folder, c->text_size);
	fwrite(c->text, 1, c->text_size, to);
	return ferror(to) ? -EIO : 0;
}

/* What the lines say of the configuration, until it is there. */
struct drawn {
	const char *name;	/* in the text; NULL: what the text says */
	bool uuid_set;
	uint8_t uuid[16];
	uint8_t genid[16];	/* zeros: none yet */
	struct {
		bool set;
		uint8_t mac[6];
	} vifs[VIFS_MAX];
	size_t config_size;
	bool has_config;
};

static int parse_mac(char *value, struct drawn *d)
{
	char *text = strchr(value, ' ');
	unsigned int i, n = 0;
	uint8_t mac[6];

	if (!text || strlen(text + 1) != 17)
		return -EINVAL;
	*text++ = '\0';
	if (num_parse_uint(value, 0, ARRAY_SIZE(d->vifs) - 1, &i) ||
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], (int *)&n)
	    != 6 || n != 17)
		return -EINVAL;
	d->vifs[i].set = true;
	memcpy(d->vifs[i].mac, mac, sizeof(mac));
	return 0;
}

static void set_root(struct guest_state *s)
{
	s->folder[0] = '/';
	s->folder[1] = '\0';
}

static int parse_folder(struct guest_state *s, const char *value)
{
	if (value[0] != '/' || strlen(value) >= sizeof(s->folder))
		return -EINVAL;
	memcpy(s->folder, value, strlen(value) + 1);
	return 0;
}

static int parse_line(struct guest_state *s, char *line, struct drawn *d)
{
	char *value = strchr(line, ' ');
	uint64_t number;
	int err = 0;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (strcmp(line, "uuid") == 0) {
		err = uuid_parse(value, d->uuid);
		d->uuid_set = !err;
	} else if (strcmp(line, "boot") == 0) {
		snprintf(s->boot, sizeof(s->boot), "%s", value);
	} else if (strcmp(line, "started") == 0) {
		err = num_parse(value, 0, UINT64_MAX, &s->started_ns);
	} else if (strcmp(line, "short-lives") == 0) {
		err = num_parse_uint(value, 0, 1000000, &s->short_lives);
	} else if (strcmp(line, "aside") == 0) {
		err = uuid_parse(value, s->aside_uuid);
		s->aside = !err;
	} else if (strcmp(line, "mac") == 0) {
		err = parse_mac(value, d);
	} else if (strcmp(line, "genid") == 0) {
		err = uuid_parse(value, d->genid);
	} else if (strcmp(line, "name") == 0) {
		d->name = value;
	} else if (strcmp(line, "folder") == 0) {
		err = parse_folder(s, value);
	} else if (strcmp(line, "config") == 0) {
		err = num_parse(value, 0, CFG_MAX_SIZE, &number);
		d->has_config = !err;
		d->config_size = err ? 0 : number;
	}
	return err;
}

/* Lines up to the configuration, which *TEXT is then. */
static int parse_lines(struct guest_state *s, char **text, size_t *left,
		       struct drawn *d)
{
	bool first = true;

	while (!d->has_config) {
		char *line = *text, *end = memchr(line, '\n', *left);
		int err = 0;

		if (!end)
			return -EINVAL;
		*end = '\0';
		*left -= end + 1 - line;
		*text = end + 1;
		if (first)
			err = strcmp(line, MAGIC) ? -EINVAL : 0;
		else
			err = parse_line(s, line, d);
		if (err)
			return err;
		first = false;
	}
	return d->config_size == *left && d->uuid_set ? 0 : -EINVAL;
}

int guest_state_parse(struct guest_state *s, char *text, size_t size,
		      struct diags *diags)
{
	CLEANUP_FREE struct drawn *d = calloc(1, sizeof(*d));
	char *config = text;
	size_t left = size;
	int err;

	s->text = text;
	set_root(s);
	if (!d)
		return -ENOMEM;
	err = parse_lines(s, &config, &left, d);
	if (!err)
		err = guest_config_parse(s->path, config, left, NULL, 0, diags,
					 &s->config);
	if (err)
		return err;
	if (d->name)
		s->config->name = guest_config_keep(s->config, d->name);
	if (!s->config->name)
		return -ENOMEM;
	s->config->uuid_set = true;
	memcpy(s->config->uuid, d->uuid, sizeof(d->uuid));
	memcpy(s->config->hvm.genid, d->genid, sizeof(d->genid));
	for (size_t i = 0; i < s->config->num_vifs &&
			   i < ARRAY_SIZE(d->vifs); i++)
		if (d->vifs[i].set) {
			s->config->vifs[i].mac_set = true;
			memcpy(s->config->vifs[i].mac, d->vifs[i].mac, 6);
		}
	return 0;
}

/* -- names ------------------------------------------------------------------ */

/* Of a file's name what is not the guest's. */
static const struct {
	const char *prefix, *suffix;
} names[] = {
	[GUEST_STATE_LIVE] = { LIVE_PREFIX, LIVE_SUFFIX },
	[GUEST_STATE_RESTART] = { GUEST_RESTART_PREFIX, "" },
	[GUEST_STATE_OUTCOME] = { GUEST_OUTCOME_PREFIX, "" },
};

void guest_state_path(char *path, size_t size, enum guest_state_kind kind,
		      uint16_t domid, const uint8_t uuid[16])
{
	char text[UUID_TEXT_SIZE];

	uuid_format(uuid, text);
	snprintf(path, size, GUEST_STATE_FOLDER "/%s%u.%s%s",
		 names[kind].prefix, domid, text, names[kind].suffix);
}

int guest_state_parse_name(const char *file, enum guest_state_kind kind,
			   uint16_t *domid, uint8_t uuid[16])
{
	const char *prefix = names[kind].prefix, *suffix = names[kind].suffix;
	size_t len = strlen(prefix);
	unsigned int id;
	char text[64], *dot;

	if (strncmp(file, prefix, len) != 0 ||
	    strlen(file + len) >= sizeof(text))
		return -EINVAL;
	snprintf(text, sizeof(text), "%s", file + len);
	dot = strchr(text, '.');
	if (!dot || strlen(dot + 1) < UUID_TEXT_SIZE - 1 ||
	    strcmp(dot + UUID_TEXT_SIZE, suffix) != 0)
		return -EINVAL;
	*dot = '\0';
	dot[UUID_TEXT_SIZE] = '\0';
	if (num_parse_uint(text, 0, UINT16_MAX, &id))
		return -EINVAL;
	*domid = id;
	return uuid_parse(dot + 1, uuid);
}

/* -- this host, now ---------------------------------------------------------- */

void guest_state_boot_id(char boot[BOOT_ID_SIZE])
{
	CLEANUP_FCLOSE FILE *f =
		fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(boot, BOOT_ID_SIZE, f))
		snprintf(boot, BOOT_ID_SIZE, "unknown");
	boot[strcspn(boot, "\n")] = '\0';
}

static uint64_t since_boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

bool guest_state_of_this_boot(const struct guest_state *s)
{
	char boot[BOOT_ID_SIZE];

	guest_state_boot_id(boot);
	return strcmp(boot, s->boot) == 0;
}

uint64_t guest_state_life_ns(const struct guest_state *s)
{
	return since_boot_ns() - s->started_ns;
}

void guest_state_begin(struct guest_state *s, uint16_t domid,
		       struct guest_config *config)
{
	*s = (struct guest_state) {
		.fd = -1,
		.domid = domid,
		.config = config,
		.config_lent = true,
		.started_ns = since_boot_ns(),
	};
	memcpy(s->uuid, config->uuid, sizeof(s->uuid));
	guest_state_boot_id(s->boot);
	if (!getcwd(s->folder, sizeof(s->folder)))
		set_root(s);
}

/* -- files ------------------------------------------------------------------ */

static int fail(const struct guest_state *s, const char *path, int err)
{
	return log_fail(err, "domain %u: %s: %s: %s", s->domid, path,
			strerror(-err), remedy_file(err));
}

static struct flock whole_file(void)
{
	return (struct flock) { .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static int write_text(const struct guest_state *s, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), err;
	FILE *f = copy == -1 ? NULL : fdopen(copy, "w");

	if (!f) {
		cleanup_close(&copy);
		return -errno;
	}
	err = guest_state_print(s, f);
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

int guest_state_write(struct guest_state *s, enum guest_state_kind kind,
		      bool keep_lock)
{
	char temporary[sizeof(s->path) + 8];
	CLEANUP_CLOSE int fd = -1;
	struct flock lock = whole_file();
	int err;

	guest_state_path(s->path, sizeof(s->path), kind, s->domid, s->uuid);
	snprintf(temporary, sizeof(temporary), "%s.new", s->path);
	fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return fail(s, temporary, -errno);
	err = write_text(s, fd);
	/* behind the last close of a copy, which would give it up */
	if (!err && keep_lock && fcntl(fd, F_SETLK, &lock))
		err = -errno;
	/* whoever looks finds the whole of it or nothing */
	if (!err && rename(temporary, s->path))
		err = -errno;
	if (err) {
		unlink(temporary);
		return fail(s, s->path, err);
	}
	if (keep_lock)
		s->fd = STEAL_FD(fd);
	return 0;
}

static int read_all(int fd, char **ret, size_t *size)
{
	CLEANUP_FREE char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_nlink == 0)
		return -ENOENT;
	if (st.st_size > STATE_SIZE_MAX)
		return -E2BIG;
	text = malloc(st.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = pread(fd, text, st.st_size, 0);
	if (n != st.st_size)
		return n < 0 ? -errno : -EIO;
	text[n] = '\0';
	*size = n;
	*ret = STEAL_PTR(text);
	return 0;
}

static int read_state(struct guest_state *s)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	char *text = NULL;
	size_t size = 0;
	int err = read_all(s->fd, &text, &size);

	if (err == -ENOENT)
		return err;
	if (!err)
		err = text ? guest_state_parse(s, text, size, &diags) : -EIO;
	if (!err)
		return 0;
	diags_print(&diags, stderr);
	return log_fail(err, "%s: cannot be read, so nobody can act for its guest: %s",
			s->path, strerror(-err));
}

int guest_state_take(struct guest_state *s, enum guest_state_kind kind,
		     uint16_t domid, const uint8_t uuid[16])
{
	struct flock lock = whole_file();
	int err;

	*s = (struct guest_state) { .domid = domid };
	memcpy(s->uuid, uuid, sizeof(s->uuid));
	guest_state_path(s->path, sizeof(s->path), kind, domid, uuid);
	s->fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd == -1)
		return errno == ENOENT ? -ENOENT : fail(s, s->path, -errno);
	while (fcntl(s->fd, F_SETLKW, &lock))
		if (errno != EINTR)
			return fail(s, s->path, -errno);
	err = read_state(s);
	if (err)
		guest_state_end(s);
	return err;
}

bool guest_state_exists(enum guest_state_kind kind, uint16_t domid,
			const uint8_t uuid[16])
{
	char path[160];

	guest_state_path(path, sizeof(path), kind, domid, uuid);
	return access(path, F_OK) == 0;
}

pid_t guest_state_holder(enum guest_state_kind kind, uint16_t domid,
			 const uint8_t uuid[16])
{
	struct flock lock = whole_file();
	CLEANUP_CLOSE int fd = -1;
	char path[160];

	guest_state_path(path, sizeof(path), kind, domid, uuid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

void guest_state_remove(struct guest_state *s)
{
	unlink(s->path);
}

void guest_state_end(struct guest_state *s)
{
	cleanup_close(&s->fd);
	s->fd = -1;
	if (!s->config_lent)
		guest_config_free(s->config);
	s->config = NULL;
	free(s->text);
	s->text = NULL;
}
