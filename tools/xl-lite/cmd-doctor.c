/* SPDX-License-Identifier: MIT */
/*
 * xl-lite doctor: what this host lacks for guests.
 *
 * A check prints one line or more: ok and what it found, or WRONG, what is
 * missing and what mends it. Checks go from the ground up; what cannot be seen
 * for what is wrong below it (no Xen, no root, no xenstored) is left out, since
 * that has been said. Nothing is changed.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hotplug.h"

/* Less than this, and hardly a guest can be created. */
#define LITTLE_MEMORY_KIB (128 * 1024)

struct doctor {
	struct host host;	/* hv and store where they could be opened */
	bool root, xen, dom0;
	char version[16];	/* of Xen: "4.17"; "" */
	struct hv_domain *domains;
	size_t num_domains;
	unsigned int wrong;
};

__attribute__((format(printf, 1, 2)))
static void ok(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ok     ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void wrong(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("WRONG: ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	d->wrong++;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The first line of a file; false when there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
	CLEANUP_FCLOSE FILE *f = fopen(path, "re");

	if (!f || !fgets(line, size, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* -- hypervisor and kernel --------------------------------------------------- */

static void check_root(struct doctor *d)
{
	d->root = geteuid() == 0;
	if (!d->root)
		wrong(d, "you are not root: daemons, domains and xenstore cannot be seen: run 'sudo xl-lite doctor'");
}

static void check_xen(struct doctor *d)
{
	char type[16] = "", major[8], minor[8], extra[32] = "";

	read_line("/sys/hypervisor/type", type, sizeof(type));
	d->xen = strcmp(type, "xen") == 0;
	if (!d->xen) {
		wrong(d, "this machine does not run on Xen: install it ('apt-get install xen-system-amd64'), and boot the 'Xen hypervisor' entry of the boot menu");
		return;
	}
	if (!read_line("/sys/hypervisor/version/major", major, sizeof(major)) ||
	    !read_line("/sys/hypervisor/version/minor", minor, sizeof(minor))) {
		wrong(d, "Xen: its version cannot be read: does /sys/hypervisor/version exist? Run 'mount -t sysfs sysfs /sys'");
		return;
	}
	read_line("/sys/hypervisor/version/extra", extra, sizeof(extra));
	snprintf(d->version, sizeof(d->version), "%s.%s", major, minor);
	ok("Xen %s%s", d->version, extra);
}

/* libxenctrl's calls change with each Xen. */
static void check_libraries(struct doctor *d)
{
	size_t length = strlen(d->version);

	if (!length)
		return;
	if (strncmp(XEN_LIBS_VERSION, d->version, length) == 0 &&
	    (XEN_LIBS_VERSION[length] == '.' || !XEN_LIBS_VERSION[length]))
		ok("xl-lite is built for Xen %s", d->version);
	else
		wrong(d, "xl-lite is built for Xen %s, but this is Xen %s: install the xl-lite that is built for it, or build it here with its libxen-dev",
		      XEN_LIBS_VERSION, d->version);
}

static void check_dom0(struct doctor *d)
{
	char line[64] = "";

	if (!d->xen)
		return;
	if (!exists("/proc/xen/capabilities")) {
		wrong(d, "/proc/xen: not mounted: run 'modprobe xenfs; mount -t xenfs xenfs /proc/xen'");
		return;
	}
	read_line("/proc/xen/capabilities", line, sizeof(line));
	d->dom0 = strstr(line, "control_d") != NULL;
	if (d->dom0)
		ok("this is the control domain");
	else
		wrong(d, "this is a guest, not the control domain: run xl-lite in dom0");
}

static void check_nodes(struct doctor *d)
{
	static const struct {
		const char *path, *module, *what;
	} nodes[] = {
		{ "/dev/xen/privcmd", "xen-privcmd", "calls to Xen" },
		{ "/dev/xen/evtchn", "xen-evtchn", "events" },
		{ "/dev/xen/gntdev", "xen-gntdev", "guests' pages" },
	};

	if (!d->xen)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (exists(nodes[i].path))
			ok("%s, for %s", nodes[i].path, nodes[i].what);
		else
			wrong(d, "%s: is missing, %s need it: run 'modprobe %s'",
			      nodes[i].path, nodes[i].what, nodes[i].module);
	}
}

/* Is a module of this name, with dashes, listed for this kernel? */
static bool module_listed(const char *list, const char *name)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	struct utsname kernel;
	char path[PATH_MAX], line[512], want[64];

	if (uname(&kernel))
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", kernel.release,
		 list);
	snprintf(want, sizeof(want), "/%s.ko", name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		/* "kernel/drivers/net/tun.ko: what it depends on" */
		line[strcspn(line, ":\n")] = '\0';
		if (strstr(line, want))
			return true;
	}
	return false;
}

static bool module_there(const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	for (char *c = path; *c; c++)
		if (*c == '-')
			*c = '_';
	return exists(path) || module_listed("modules.builtin", name);
}

static void check_module(struct doctor *d, const char *name, bool loaded,
			 const char *what)
{
	if (module_there(name))
		ok("module %s, for %s", name, what);
	else if (!module_listed("modules.dep", name))
		wrong(d, "module %s, for %s: this kernel has none: install the whole of it ('apt-get install linux-image-amd64')",
		      name, what);
	else if (loaded)
		wrong(d, "module %s, for %s: not loaded: run 'modprobe %s'",
		      name, what, name);
	else
		ok("module %s, for %s, can be loaded", name, what);
}

static void check_modules(struct doctor *d)
{
	const struct host_config *c = &d->host.config;

	if (d->xen) {
		check_module(d, "xen-blkback", c->disk_kernel,
			     "disks with backendtype=phy");
		check_module(d, "xen-netback", c->vif_kernel,
			     "interfaces with backendtype=kernel");
	}
	check_module(d, "tun", false, "interfaces of xl-lite-netd");
	check_module(d, "loop", false, "disks of files that xl serves");
}

/* -- daemons ------------------------------------------------------------------ */

static bool socket_answers(const char *path)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return fd >= 0 && connect(fd, (const struct sockaddr *)&addr,
				  sizeof(addr)) == 0;
}

static void check_xenstored(struct doctor *d)
{
	char domid[8];

	if (!d->root || !d->xen)
		return;
	/* it may also be a domain of its own, then it has no socket here */
	if (!socket_answers("/run/xenstored/socket") &&
	    !exists("/dev/xen/xenbus")) {
		wrong(d, "xenstored: does not run: run 'systemctl start xenstored', or '/etc/init.d/xen start'");
		return;
	}
	if (store_open(&d->host.store)) {
		wrong(d, "xenstored: does not answer: see its log in /var/log/xen, and 'systemctl status xenstored'");
		return;
	}
	ok("xenstored answers");
	if (store_read(&d->host.store, XBT_NULL, PATH_DOMAINS, "0/domid",
		       domid, sizeof(domid)) == 0 &&
	    store_read(&d->host.store, XBT_NULL, PATH_DOMAINS, "0/name",
		       domid, sizeof(domid)) != -ENOENT)
		ok("dom0 is set up in xenstore");
	else
		wrong(d, "dom0: is not set up in xenstore: run '/usr/lib/xen-%s/bin/xen-init-dom0', or 'systemctl start xen-init-dom0'",
		      d->version);
}

static bool process_runs(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		char path[280], comm[32];

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		found = read_line(path, comm, sizeof(comm)) &&
			strcmp(comm, name) == 0;
	}
	if (proc)
		closedir(proc);
	return found;
}

static void check_xenconsoled(struct doctor *d)
{
	if (!d->xen)
		return;
	if (process_runs("xenconsoled"))
		ok("xenconsoled runs");
	else
		wrong(d, "xenconsoled: does not run, so no guest gets a console and none can be created: run 'systemctl start xenconsoled', or '/etc/init.d/xen start'");
}

/* What "PROGRAM --version" says. */
static bool ask_version(const char *program, char *line, size_t size)
{
	char arg[] = "--version", *argv[] = { NULL, arg, NULL };
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0) {
		argv[0] = strdup(program);
		if (argv[0] && dup2(fds[1], STDOUT_FILENO) != -1)
			execv(program, argv);
		_exit(127);
	}
	close(fds[1]);
	n = pid > 0 ? read(fds[0], line, size - 1) : -1;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static void check_daemon(struct doctor *d, const char *program, bool needed)
{
	char path[128], pid[16] = "", exe[64], target[PATH_MAX], line[128];
	ssize_t n;

	if (!host_daemon_running(program)) {
		if (needed)
			wrong(d, "%s: does not run: run 'systemctl start %s', or just '%s &'",
			      program, program, program);
		else
			ok("%s does not run; /etc/xl-lite.conf prefers the kernel",
			   program);
		return;
	}
	snprintf(path, sizeof(path), "/run/xl-lite/%s.pid", program);
	read_line(path, pid, sizeof(pid));
	/* the program that runs, also where another has taken its place */
	snprintf(exe, sizeof(exe), "/proc/%s/exe", pid);
	n = readlink(exe, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (!ask_version(exe, line, sizeof(line)))
		snprintf(line, sizeof(line), "%s", program);
	if (strstr(target, " (deleted)"))
		wrong(d, "%s: runs as %s, which is not what is installed any more: run 'systemctl restart %s'; guests do not notice",
		      program, line, program);
	else
		ok("%s runs", line);
}

static void check_daemons(struct doctor *d)
{
	if (!d->root || !d->xen)
		return;
	check_daemon(d, "xl-lite-blkd", !d->host.config.disk_kernel);
	check_daemon(d, "xl-lite-netd", !d->host.config.vif_kernel);
}

/* -- what guests are made with ------------------------------------------------ */

static void check_config(struct doctor *d)
{
	if (host_config_load(&d->host.config, HOST_CONFIG_XL,
			     HOST_CONFIG_OURS))
		wrong(d, "%s or %s has mistakes, shown above: mend them, all commands fail with them",
		      HOST_CONFIG_OURS, HOST_CONFIG_XL);
}

static void check_bridge(struct doctor *d)
{
	const struct host_config *c = &d->host.config;

	if (c->vif_script[0] &&
	    !hotplug_is_built_in(c->vif_script, KIND_VIF, false))
		return;		/* its bridges are what it makes of them */
	if (host_bridge_exists(c->vif_bridge))
		ok("bridge %s, for interfaces that name none", c->vif_bridge);
	else
		wrong(d, "bridge %s: does not exist, interfaces that name none need it: run 'ip link add %s type bridge; ip link set %s up', or name another as vif.default.bridge in %s",
		      c->vif_bridge, c->vif_bridge, c->vif_bridge,
		      HOST_CONFIG_OURS);
}

static void check_memory(struct doctor *d)
{
	struct hv_host h;
	int err = hv_host_info(d->host.hv, &h);

	if (err)
		wrong(d, "Xen: memory: %s", hv_why(d->host.hv, err));
	else if (h.free_kib < LITTLE_MEMORY_KIB)
		wrong(d, "memory: %llu of %llu MiB are free for guests, and xl-lite takes none from dom0: boot Xen with dom0_mem=1024M,max:1024M (GRUB_CMDLINE_XEN in /etc/default/grub), or run 'xl mem-set 0 1024'",
		      (unsigned long long)h.free_kib / 1024,
		      (unsigned long long)h.total_kib / 1024);
	else
		ok("memory: %llu of %llu MiB are free for guests",
		   (unsigned long long)h.free_kib / 1024,
		   (unsigned long long)h.total_kib / 1024);
}

static void check_file(struct doctor *d, const char *what, const char *path,
		       const char *package)
{
	if (exists(path))
		ok("%s: %s", what, path);
	else
		wrong(d, "%s: %s: is missing: run 'apt-get install %s'", what,
		      path, package);
}

static void check_files(struct doctor *d)
{
	char path[80], package[40];
	const char *version = d->version[0] ? d->version : "4.17";

	snprintf(package, sizeof(package), "xen-utils-%s", version);
	snprintf(path, sizeof(path), "/usr/lib/xen-%s/bin/xenconsole",
		 version);
	check_file(d, "consoles", path, package);
	snprintf(path, sizeof(path), "/usr/lib/xen-%s/boot/hvmloader",
		 version);
	check_file(d, "HVM guests", path, package);
	check_file(d, "HVM guests' devices",
		   "/usr/libexec/xen-qemu-system-i386", "qemu-system-xen");
	check_file(d, "HVM guests' BIOS", "/usr/share/seabios/bios-256k.bin",
		   "seabios");
	check_file(d, "HVM guests' UEFI", "/usr/share/ovmf/OVMF.fd", "ovmf");
}

/* -- leftovers ---------------------------------------------------------------- */

static bool is_domain(const struct doctor *d, uint16_t domid)
{
	for (size_t i = 0; i < d->num_domains; i++)
		if (d->domains[i].domid == domid)
			return true;
	return false;
}

/* Folders below DIR that are named by domains which are no more. */
static unsigned int check_folders(struct doctor *d, const char *dir)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0, found = 0;
	uint16_t domid;

	if (store_list(&d->host.store, XBT_NULL, dir, NULL, &names, &count))
		return 0;
	for (unsigned int i = 0; i < count; i++) {
		if (path_parse_domid(names[i], &domid) || is_domain(d, domid))
			continue;
		wrong(d, "xenstore: %s/%s: is of a domain that is no more: run 'xenstore-rm %s/%s'",
		      dir, names[i], dir, names[i]);
		found++;
	}
	return found;
}

static unsigned int check_backends(struct doctor *d)
{
	CLEANUP_FREE char **kinds = NULL;
	char dir[STORE_PATH_MAX];
	unsigned int count = 0, found = 0;

	path_domain_node(dir, sizeof(dir), 0, "backend");
	if (store_list(&d->host.store, XBT_NULL, dir, NULL, &kinds, &count))
		return 0;
	for (unsigned int i = 0; i < count; i++) {
		if (path_backends(dir, sizeof(dir), 0, kinds[i]) == 0)
			found += check_folders(d, dir);
	}
	return found;
}

static void check_leftovers(struct doctor *d)
{
	unsigned int dying = 0, found = 0;
	int err = hv_domain_list(d->host.hv, &d->domains, &d->num_domains);

	if (err) {
		wrong(d, "Xen: list domains: %s", hv_why(d->host.hv, err));
		return;
	}
	for (size_t i = 0; i < d->num_domains; i++) {
		if (!d->domains[i].dying)
			continue;
		wrong(d, "domain %u: has ended, but somebody still maps its memory, a backend or QEMU: see who is left with 'ps aux | grep qemu', 'xl list' and 'dmesg'",
		      d->domains[i].domid);
		dying++;
	}
	if (!dying)
		ok("no domain is stuck in its end");
	if (!store_is_open(&d->host.store))
		return;
	found = check_folders(d, PATH_DOMAINS) + check_folders(d, PATH_LIBXL) +
		check_backends(d);
	if (!found)
		ok("domains that are no more have left nothing in xenstore");
}

static void check_domains(struct doctor *d)
{
	if (!d->root || !d->dom0 || !exists("/dev/xen/privcmd"))
		return;
	if (hv_open(&d->host.hv)) {
		d->host.hv = NULL;
		wrong(d, "Xen: cannot be called, for what is said above");
		return;
	}
	check_memory(d);
	check_leftovers(d);
}

int cmd_doctor(const struct cmd *cmd, int argc, char **argv)
{
	static void (*const checks[])(struct doctor *d) = {
		check_root, check_xen, check_libraries, check_dom0,
		check_nodes, check_config, check_modules, check_xenstored,
		check_xenconsoled, check_daemons, check_bridge, check_files,
		check_domains,
	};
	struct doctor d = { 0 };
	int status;

	while (cmd_getopt(cmd, argc, argv, "", NULL, 0, 0, &status)
	       != CMD_ARGS)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](&d);
	free(d.domains);
	host_close(&d.host);
	return d.wrong ? STATUS_ERROR : STATUS_OK;
}
