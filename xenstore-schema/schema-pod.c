/* SPDX-License-Identifier: MIT */
/*
 * Makes the tables of xenstore-schema(7): copies a page in pod from standard
 * input to standard output, and for a line "@ROOT@" puts the nodes of that
 * root. Run once, by the build.
 */
#include "config.h"

#include "xenstore-schema/schema.h"

#include <stdio.h>
#include <string.h>

/* Pod's own characters; the only ones our tables hold. */
static void put_text(const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<': fputs("E<lt>", stdout); break;
		case '>': fputs("E<gt>", stdout); break;
		default: putchar(*text);
		}
}

/* A path as people write it: N, KIND and GUEST where the table has % and *. */
static void put_path(const char *path)
{
	for (; *path; path++) {
		if (*path == '*') {
			fputs("...", stdout);
		} else if (*path == '%') {
			path++;
			fputs(*path == 'k' ? "KIND" :
			      *path == 'g' ? "GUEST" : "N", stdout);
		} else {
			putchar(*path);
		}
	}
}

static const char *domains_text(unsigned int domains)
{
	switch (domains) {
	case DOMAINS_DOM0: return "dom0 only";
	case DOMAINS_PV: return "PV only";
	case DOMAINS_PVH: return "PVH only";
	case DOMAINS_HVM: return "HVM only";
	case DOMAINS_PV_HVM: return "PV and HVM only";
	default: return NULL;
	}
}

/* `word` in a sentence is a node's name. */
static void put_doc(const char *doc)
{
	bool inside = false;

	for (; *doc; doc++) {
		const char one[2] = { *doc, '\0' };

		if (*doc != '`') {
			put_text(one);
			continue;
		}
		fputs(inside ? ">" : "I<", stdout);
		inside = !inside;
	}
}

static void put_node(const struct schema_node *n)
{
	const char *domains = domains_text(n->domains);
	char want[256];

	fputs("=item B<", stdout);
	if (n->path[0])
		put_path(n->path);
	else
		fputs("(the folder)", stdout);
	fputs(">\n\n", stdout);
	put_doc(n->doc);

	schema_want(n, want, sizeof(want));
	printf(" Holds ");
	put_text(want);
	if (n->deflt)
		printf("; absent: %s", n->deflt[0] ? n->deflt : "nothing");
	printf(". Written by: %s. Permissions: %s. Needed: %s.%s%s%s\n\n",
	       schema_writer_name(n->writer), schema_perms_name(n->perms),
	       schema_needed_name(n->needed), domains ? " In: " : "",
	       domains ? domains : "", domains ? "." : "");
}

static bool put_root(const char *name)
{
	for (int root = 0; root < SCHEMA_ROOTS; root++) {
		if (strcmp(schema_root_name(root), name) != 0)
			continue;
		printf("In F<%s>:\n\n=over 4\n\n",
		       root == SCHEMA_STORE ? "/" : schema_root_path(root));
		for (size_t i = 0; i < schema_nodes_count; i++)
			if ((int)schema_nodes[i].root == root)
				put_node(&schema_nodes[i]);
		printf("=back\n");
		return true;
	}
	return false;
}

int main(void)
{
	char line[1024], name[64];
	char at;

	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] != '@') {
			fputs(line, stdout);
			continue;
		}
		if (sscanf(line, "@%63[A-Z_]%c", name, &at) != 2 ||
		    at != '@' || !put_root(name)) {
			fprintf(stderr, "schema-pod: no such root: %s", line);
			return 1;
		}
	}
	return ferror(stdin) || fflush(stdout) || ferror(stdout);
}
