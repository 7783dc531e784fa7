/* SPDX-License-Identifier: MIT */
/*
 * The key cpuid=, in both its languages: "host,NAME=VALUE,...", where names are
 * those of Xen's features and a few more, and ["LEAF:eax=BITS,...", ...], where
 * registers are written bit by bit.
 */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "lib/cleanup.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Far more than Xen keeps of any processor. */
#define MAX_LEAVES 1024

/* To Xen a leaf of this number is none. */
#define NO_LEAF UINT32_MAX

/* No larger family can be told apart from others in libxl's arithmetic. */
#define MAX_FAMILY 127
#define FIRST_EXTENDED_FAMILY 15

#define FEATURE_NAME_MAX 32	/* Xen's longest has 19 letters */

struct field {
	const char *name;
	uint32_t leaf;
	int subleaf;		/* -1: it has none */
	enum cpuid_register reg;
	unsigned int bit, length;
};

/* What Xen has no name for, or libxl had another one for before. */
static const struct field fields[] = {
	{ "maxleaf",       0x00000000, -1, CPUID_EAX, 0, 32 },
	{ "stepping",      0x00000001, -1, CPUID_EAX, 0, 4 },
	{ "model",         0x00000001, -1, CPUID_EAX, 4, 8 },
	{ "family",        0x00000001, -1, CPUID_EAX, 8, 8 },
	{ "brandid",       0x00000001, -1, CPUID_EBX, 0, 8 },
	{ "clflush",       0x00000001, -1, CPUID_EBX, 8, 8 },
	{ "proccount",     0x00000001, -1, CPUID_EBX, 16, 8 },
	{ "localapicid",   0x00000001, -1, CPUID_EBX, 24, 8 },
	{ "est",           0x00000001, -1, CPUID_ECX, 7, 1 },
	{ "cntxid",        0x00000001, -1, CPUID_ECX, 10, 1 },
	{ "cmpxchg16",     0x00000001, -1, CPUID_ECX, 13, 1 },
	{ "sse4_1",        0x00000001, -1, CPUID_ECX, 19, 1 },
	{ "sse4.1",        0x00000001, -1, CPUID_ECX, 19, 1 },
	{ "sse4_2",        0x00000001, -1, CPUID_ECX, 20, 1 },
	{ "sse4.2",        0x00000001, -1, CPUID_ECX, 20, 1 },
	{ "aes",           0x00000001, -1, CPUID_ECX, 25, 1 },
	{ "cmpxchg8",      0x00000001, -1, CPUID_EDX, 8, 1 },
	{ "sysenter",      0x00000001, -1, CPUID_EDX, 11, 1 },
	{ "psn",           0x00000001, -1, CPUID_EDX, 18, 1 },
	{ "clfsh",         0x00000001, -1, CPUID_EDX, 19, 1 },
	{ "tm",            0x00000001, -1, CPUID_EDX, 29, 1 },
	{ "ia64",          0x00000001, -1, CPUID_EDX, 30, 1 },
	{ "pbe",           0x00000001, -1, CPUID_EDX, 31, 1 },
	{ "procpkg",       0x00000004, 0, CPUID_EAX, 26, 6 },
	{ "arat",          0x00000006, -1, CPUID_EAX, 2, 1 },
	{ "tsc_adjust",    0x00000007, 0, CPUID_EBX, 1, 1 },
	{ "cmt",           0x00000007, 0, CPUID_EBX, 12, 1 },
	{ "maxhvleaf",     0x40000000, -1, CPUID_EAX, 0, 8 },
	{ "lahfsahf",      0x80000001, -1, CPUID_ECX, 0, 1 },
	{ "cmplegacy",     0x80000001, -1, CPUID_ECX, 1, 1 },
	{ "altmovcr8",     0x80000001, -1, CPUID_ECX, 4, 1 },
	{ "nodeid",        0x80000001, -1, CPUID_ECX, 19, 1 },
	{ "perfctr_core",  0x80000001, -1, CPUID_ECX, 23, 1 },
	{ "perfctr_nb",    0x80000001, -1, CPUID_ECX, 24, 1 },
	{ "invtsc",        0x80000007, -1, CPUID_EDX, 8, 1 },
	{ "ppin",          0x80000008, -1, CPUID_EBX, 23, 1 },
	{ "btc-no",        0x80000008, -1, CPUID_EBX, 29, 1 },
	{ "nc",            0x80000008, -1, CPUID_ECX, 0, 8 },
	{ "apicidsize",    0x80000008, -1, CPUID_ECX, 12, 4 },
	{ "svm_npt",       0x8000000a, -1, CPUID_EDX, 0, 1 },
	{ "svm_lbrv",      0x8000000a, -1, CPUID_EDX, 1, 1 },
	{ "svm_nrips",     0x8000000a, -1, CPUID_EDX, 3, 1 },
	{ "svm_tscrate",   0x8000000a, -1, CPUID_EDX, 4, 1 },
	{ "svm_vmcbclean", 0x8000000a, -1, CPUID_EDX, 5, 1 },
	{ "svm_decode",    0x8000000a, -1, CPUID_EDX, 7, 1 },
	{ "svm_pausefilt", 0x8000000a, -1, CPUID_EDX, 10, 1 },
	{ "lfence+",       0x80000021, -1, CPUID_EAX, 2, 1 },
};

/* Where the words are that Xen numbers features in. */
static const struct {
	uint32_t leaf;		/* or the MSR */
	int subleaf;
	int reg;
#define IN_MSR (-1)		/* its lower half, */
#define IN_MSR_HIGH (-2)	/* and its upper one */
} words[] = {
	{ 0x00000001, -1, CPUID_EDX },
	{ 0x00000001, -1, CPUID_ECX },
	{ 0x80000001, -1, CPUID_EDX },
	{ 0x80000001, -1, CPUID_ECX },
	{ 0x0000000d, 1, CPUID_EAX },
	{ 0x00000007, 0, CPUID_EBX },
	{ 0x00000007, 0, CPUID_ECX },
	{ 0x80000007, -1, CPUID_EDX },
	{ 0x80000008, -1, CPUID_EBX },
	{ 0x00000007, 0, CPUID_EDX },
	{ 0x00000007, 1, CPUID_EAX },
	{ 0x80000021, -1, CPUID_EAX },
	{ 0x00000007, 1, CPUID_EBX },
	{ 0x00000007, 2, CPUID_EDX },
	{ 0x00000007, 1, CPUID_ECX },
	{ 0x00000007, 1, CPUID_EDX },
	{ 0x0000010a, -1, IN_MSR },
	{ 0x0000010a, -1, IN_MSR_HIGH },
	{ 0x80000021, -1, CPUID_ECX },
};

/* Xen's own header has the names, in capitals and with _ for -. */
static const struct {
	const char *name;
	unsigned int number;
} features[] = {
#define XEN_CPUFEATURE(name, value) { #name, value },
#include <xen/arch-x86/cpufeatureset.h>
};

static struct cpuid_policy *policy_of(struct reader *r)
{
	return &r->config->cpuid;
}

/* -- what has been asked for so far ------------------------------------------ */

static struct cpuid_leaf *get_leaf(struct reader *r, uint32_t leaf, int subleaf)
{
	struct cpuid_policy *p = policy_of(r);
	struct cpuid_leaf *larger;

	for (size_t i = 0; i < p->num_leaves; i++)
		if (p->leaves[i].leaf == leaf &&
		    p->leaves[i].subleaf_set == (subleaf >= 0) &&
		    (subleaf < 0 || p->leaves[i].subleaf == (uint32_t)subleaf))
			return &p->leaves[i];
	if (p->num_leaves == MAX_LEAVES) {
		diag_error(r->diags, reader_pos(r, "cpuid"),
			   "cpuid: more than %d leaves: there are no such "
			   "processors", MAX_LEAVES);
		return NULL;
	}
	larger = arena_grow(r->config->memory, p->leaves, p->num_leaves,
			    sizeof(*larger));
	if (!larger) {
		r->err = -ENOMEM;
		return NULL;
	}
	p->leaves = larger;
	larger[p->num_leaves] = (struct cpuid_leaf) {
		.leaf = leaf,
		.subleaf = subleaf < 0 ? 0 : subleaf,
		.subleaf_set = subleaf >= 0,
	};
	return &larger[p->num_leaves++];
}

static struct cpuid_msr *get_msr(struct reader *r, uint32_t index)
{
	struct cpuid_policy *p = policy_of(r);
	struct cpuid_msr *larger;

	for (size_t i = 0; i < p->num_msrs; i++)
		if (p->msrs[i].index == index)
			return &p->msrs[i];
	larger = arena_grow(r->config->memory, p->msrs, p->num_msrs,
			    sizeof(*larger));
	if (!larger) {
		r->err = -ENOMEM;
		return NULL;
	}
	p->msrs = larger;
	larger[p->num_msrs] = (struct cpuid_msr) { .index = index };
	memset(larger[p->num_msrs].policy, 'x', MSR_BITS);
	return &larger[p->num_msrs++];
}

/* The letters of LENGTH bits, from BIT up, in a register's policy. */
static void set_bits(char *policy, unsigned int bit, unsigned int length,
		     const char *letters)
{
	if (!*policy)
		memset(policy, 'x', CPUID_BITS);
	memcpy(policy + CPUID_BITS - bit - length, letters, length);
}

/* -- "host,NAME=VALUE" -------------------------------------------------------- */

/* A number in LENGTH bits, or a letter for all of them. */
static bool take_value(const char *value, unsigned int length, char *letters,
		       unsigned long *number)
{
	char *end;

	*number = 0;
	if (strlen(value) == 1 && strchr("xks", *value)) {
		memset(letters, *value, length);
		return true;
	}
	errno = 0;
	*number = strtoul(value, &end, 0);
	if (!isdigit((unsigned char)*value) || errno || *end ||
	    *number >> length)
		return false;
	for (unsigned int i = 0; i < length; i++)
		letters[length - 1 - i] = '0' + (*number >> i & 1);
	return true;
}

/* Family and model each are in two parts of the register. */
static void set_family(char *policy, const char *letters, unsigned long number)
{
	char extended[] = "00000000";

	if (number <= FIRST_EXTENDED_FAMILY) {
		set_bits(policy, 8, 4, letters + 4);
	} else {
		number -= FIRST_EXTENDED_FAMILY;
		for (unsigned int i = 0; i < 8; i++)
			extended[7 - i] = '0' + (number >> i & 1);
		set_bits(policy, 8, 4, "1111");
	}
	set_bits(policy, 20, 8, extended);
}

static bool set_field(struct reader *r, const struct field *f,
		      const char *value)
{
	char letters[CPUID_BITS];
	unsigned long number;
	struct cpuid_leaf *leaf;
	char *policy;

	if (!take_value(value, f->length, letters, &number) ||
	    (strcmp(f->name, "family") == 0 && number > MAX_FAMILY))
		return false;
	leaf = get_leaf(r, f->leaf, f->subleaf);
	if (!leaf)
		return true;
	policy = leaf->policy[f->reg];
	if (strcmp(f->name, "family") == 0) {
		set_family(policy, letters, number);
	} else if (strcmp(f->name, "model") == 0) {
		set_bits(policy, 16, 4, letters);
		set_bits(policy, f->bit, 4, letters + 4);
	} else {
		set_bits(policy, f->bit, f->length, letters);
	}
	return true;
}

/* To libxl, s is k there. */
static bool set_msr(struct reader *r, unsigned int word, unsigned int bit,
		    const char *value)
{
	struct cpuid_msr *msr;

	if (strlen(value) != 1 || !strchr("01xks", *value))
		return false;
	msr = get_msr(r, words[word].leaf);
	if (words[word].reg == IN_MSR_HIGH)
		bit += MSR_BITS / 2;
	if (msr)
		msr->policy[MSR_BITS - 1 - bit] = *value == 's' ? 'k' : *value;
	return true;
}

static bool set_feature(struct reader *r, unsigned int number,
			const char *value)
{
	const unsigned int word = number / CPUID_BITS;
	const struct field f = {
		.name = "",
		.leaf = words[word].leaf,
		.subleaf = words[word].subleaf,
		.reg = words[word].reg < 0 ? 0 : words[word].reg,
		.bit = number % CPUID_BITS,
		.length = 1,
	};

	return words[word].reg < 0 ? set_msr(r, word, f.bit, value)
				   : set_field(r, &f, value);
}

/* A letter of a name of Xen's, as a configuration has it. */
static char config_letter(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static bool is_feature(size_t i, const char *name)
{
	const char *c = features[i].name;

	for (; *c && *name; c++, name++)
		if (*name != config_letter(*c))
			return false;
	return !*c && !*name;
}

/* Sets it, or false when the value is none for it. *KNOWN: there is such. */
static bool set_named(struct reader *r, const char *name, const char *value,
		      bool *known)
{
	*known = true;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return set_field(r, &fields[i], value);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (is_feature(i, name) &&
		    features[i].number / CPUID_BITS < ARRAY_SIZE(words))
			return set_feature(r, features[i].number, value);
	*known = false;
	return false;
}

/* The name of ours or of Xen's that is most like NAME, or NULL. */
static const char *similar_name(const char *name, char buf[FEATURE_NAME_MAX])
{
	char feature[FEATURE_NAME_MAX];
	const char *meant = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		suggest(name, fields[i].name, &meant);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		size_t k = 0;

		for (; features[i].name[k] && k < sizeof(feature) - 1; k++)
			feature[k] = config_letter(features[i].name[k]);
		feature[k] = '\0';
		suggest(name, feature, &meant);
		if (meant == feature)
			meant = memcpy(buf, feature, sizeof(feature));
	}
	return meant;
}

static void say_unknown(struct reader *r, const char *name)
{
	char buf[FEATURE_NAME_MAX];
	const char *meant = diags_full(r->diags) ? NULL :
			    similar_name(name, buf);

	diag_error(r->diags, reader_pos(r, "cpuid"),
		   "cpuid: '%s' is no feature of a processor: %s%s%s", name,
		   meant ? "did you mean '" : "'xen-cpuid -d', in Xen's own "
		   "folder, names those there are", meant ? meant : "",
		   meant ? "'?" : "");
}

static void read_word(struct reader *r, char *word)
{
	char *value = strchr(word, '=');
	bool known;

	if (!value) {
		diag_error(r->diags, reader_pos(r, "cpuid"),
			   "cpuid: '%s' is not understood: write NAME=0, =1, "
			   "=x (as by default) or =k (as the host has it)",
			   word);
		return;
	}
	*value++ = '\0';
	if (set_named(r, word, value, &known))
		return;
	if (known)
		diag_error(r->diags, reader_pos(r, "cpuid"),
			   "cpuid: %s='%s': a number that fits its bits is "
			   "needed, or x (as by default) or k (as the host "
			   "has it)", word, value);
	else
		say_unknown(r, word);
}

static void read_words(struct reader *r, const char *text)
{
	char *copy = arena_strndup(r->config->memory, text, strlen(text));
	char *next, *word;

	if (!copy) {
		r->err = -ENOMEM;
		return;
	}
	word = strtok_r(copy, ",", &next);
	if (!word)
		return;
	if (strcmp(word, "host") != 0)
		diag_error(r->diags, reader_pos(r, "cpuid"),
			   "cpuid='%s': what it is based on is missing: begin "
			   "with \"host,\"", text);
	else
		while ((word = strtok_r(NULL, ",", &next)))
			read_word(r, word);
}

/* -- "LEAF:REGISTER=BITS" ------------------------------------------------------ */

static bool take_number(const char **at, uint32_t *ret)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	number = strtoul(*at, &end, 0);
	if (errno || number >= NO_LEAF)
		return false;
	*ret = number;
	*at = end;
	return true;
}

/* "eax=" and 32 letters; *AT is behind them, and a comma. */
static bool take_register(const char **at, struct cpuid_leaf *leaf)
{
	const char *s = *at;
	unsigned int reg;

	if (s[0] != 'e' || s[1] < 'a' || s[1] > 'd' || s[2] != 'x' ||
	    s[3] != '=')
		return false;
	reg = s[1] - 'a';
	s += 4;
	if (strspn(s, "01xks") != CPUID_BITS)
		return false;
	memcpy(leaf->policy[reg], s, CPUID_BITS);
	leaf->policy[reg][CPUID_BITS] = '\0';
	s += CPUID_BITS;
	if (*s == ',')
		s += 1 + strspn(s + 1, " \n");
	else if (*s)
		return false;
	*at = s;
	return true;
}

static bool read_leaf(struct reader *r, const char *at)
{
	uint32_t number, subleaf = 0;
	struct cpuid_leaf *leaf;
	bool has_subleaf;

	if (!take_number(&at, &number))
		return false;
	has_subleaf = *at == ',';
	if (has_subleaf && (at++, !take_number(&at, &subleaf) ||
			    subleaf > INT32_MAX))
		return false;
	if (*at++ != ':')
		return false;
	leaf = get_leaf(r, number, has_subleaf ? (int)subleaf : -1);
	while (leaf && *at)
		if (!take_register(&at, leaf))
			return false;
	return true;
}

void reader_cpuid(struct reader *r)
{
	struct text_list list = { 0 };

	reader_list(r, "cpuid", &list);
	if (!list.is_list && list.count) {
		read_words(r, list.items[0]);
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		if (!read_leaf(r, list.items[i]))
			diag_error(r->diags, reader_pos(r, "cpuid"),
				   "cpuid: '%s' is not understood: write "
				   "\"LEAF:eax=BITS\" or \"LEAF,SUBLEAF:"
				   "eax=BITS,ebx=BITS\", with 32 letters, the "
				   "highest bit first, each of 0, 1, x, k",
				   list.items[i]);
}
