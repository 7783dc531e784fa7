/* SPDX-License-Identifier: MIT */
/* The xl.cfg language: what is a setting, and what is said when it is none. */
#include "config.h"

#include "tests/unit/cfg-test.h"

#include "tools/xl-lite/cfg-parse.h"

static const struct {
	const char *input, *want;
} cases[] = {
	/* statements */
	{ "", "" },
	{ "\n;;\n ; \n", "" },
	{ "a=1", "a=1" },
	{ "a=1\n", "a=1" },
	{ "a = 1 ; b\t=2\n", "a=1 b=2" },
	{ "a_b.c9=1", "a_b.c9=1" },
	{ "a='x'b=2",
	  "1:6: error: 'b' is here, where the end of the line or ';' is "
	  "needed" },
	{ "a 1", "1:3: error: '1' is here, where '=' or '+=' is needed" },
	{ "a=", "1:3: error: the end of the file is here, where a value "
		"(\"text\", a number or a [list]) is needed" },
	{ "a\n=1", "1:2: error: the end of the line is here, where '=' or "
		   "'+=' is needed\n"
		   "2:1: error: '=' is here, where a key is needed" },
	{ "1=a", "1:1: error: '1' is here, where a key is needed" },
	{ "a=b", "1:3: error: 'b' is here, where a value is needed: text "
		 "stands in quotes: \"b\"" },

	/* comments and line ends */
	{ "# only this", "" },
	{ "a=1 # one\n#two\nb=2 #three", "a=1 b=2" },
	{ "a='#no comment'", "a=#no comment" },
	{ "a=1\r\nb=2\r\n", "a=1 b=2" },
	{ "#x\r\na=1\r\n", "a=1" },
	{ "a=1\rb=2", "1:4: error: byte 0x0d has no meaning here: text stands "
		      "in quotes" },

	/* numbers are text that needs no quotes */
	{ "a=0x1f", "a=0x1f" },
	{ "a=12abc", "a=12abc" },
	{ "a=-1", "1:3: error: '-' has no meaning here: a number is of digits, "
		  "text stands in quotes" },
	{ "a=1.5", "1:4: error: '.' has no meaning here: text stands in "
		   "quotes" },
	{ "memory=512m\nb=1",
	  "1:8: error: memory: '512m' is not a number: write 512: it counts "
	  "MiB" },
	{ "memory=2g",
	  "1:8: error: memory: '2g' is not a number: write 2048: it counts "
	  "MiB" },
	{ "vcpus=2x4y",
	  "1:7: error: vcpus: '2x4y' is not a number: write 2" },

	/* strings */
	{ "a='x'", "a=x" },
	{ "a=\"it's\"", "a=it's" },
	{ "a=''", "a=" },
	{ "a='\\\\ \\' \\\" \\a\\b\\f\\n\\r\\t\\v'",
	  "a=\\ ' \" \a\b\f\n\r\t\v" },
	{ "a='x\\x41y\\101z\\7'", "a=xAyAz\a" },
	{ "a='\\1018'", "a=A8" },
	{ "a='x", "1:3: error: this string is not closed: a ' must follow on "
		  "the same line" },
	{ "a='x\nb=1", "1:3: error: this string is not closed: a ' must follow "
		       "on the same line" },
	{ "a='x\\", "1:3: error: this string is not closed: a ' must follow on "
		    "the same line" },
	{ "a='\\q'", "1:4: error: '\\q' is no escape: there are \\\\ \\' \\\" "
		     "\\a \\b \\f \\n \\r \\t \\v \\xHH \\OOO" },
	{ "a='\\x4'", "1:4: error: '\\x4' is no escape: there are \\\\ \\' "
		      "\\\" \\a \\b \\f \\n \\r \\t \\v \\xHH \\OOO" },
	{ "a='\\000'", "1:4: error: '\\000' is no byte that a string can hold: "
		       "they go from \\001 to \\377" },
	{ "a='\\777'", "1:4: error: '\\777' is no byte that a string can hold: "
		       "they go from \\001 to \\377" },

	/* lists */
	{ "a=[]", "a=[]" },
	{ "a=[\n]", "a=[]" },
	{ "a=['x']", "a=[x]" },
	{ "a=[ 'x' , 2, ]", "a=[x,2]" },
	{ "a=[\n'x' # one\n,\n\n'y',\n]\nb=1", "a=[x,y] b=1" },
	{ "a=['x',['y',['z'],[]]]", "a=[x,[y,[z],[]]]" },
	{ "a=[,]", "1:4: error: ',' is here, where a value (\"text\", a number "
		   "or a [list]) is needed" },
	{ "a=['x' 'y']", "1:8: error: the text 'y' is here, where ',' or ']' "
			 "is needed" },
	{ "a=['x'", "1:3: error: this list is not closed: a ] is missing" },
	{ "a=['x'\nb=1\nc=2",
	  "2:1: error: 'b' is here, where ',' or ']' is needed" },
	{ "a=['x']]", "1:8: error: ']' is here, where the end of the line or "
		      "';' is needed" },

	/* again, and adding */
	{ "a=1;a=2", "1:5: warning: a is given again: it was given in line 1, "
		     "but only this one counts\na=2" },
	{ "a='x';a+='y'", "a=xy" },
	{ "a+='x'", "a=x" },
	{ "a=['x'];a+=['y','z']", "a=[x,y,z]" },
	{ "a=['x'];a+='y'", "1:12: error: text cannot be added to a list "
			    "(line 1)" },
	{ "a='x';a+=['y']", "1:10: error: a list cannot be added to text "
			    "(line 1)" },
	{ "a='1';a+='2';a+=[]\na+='3'",
	  "1:17: error: a list cannot be added to text (line 1)" },

	/* other languages */
	{ "Memory=512", "1:1: error: 'Memory' is not a word of this language: "
			"key names are lower case: did you mean 'memory'?" },
	{ "a=True", "1:3: error: 'True' is not known here: write 1" },
	{ "a=None", "1:3: error: 'None' is not known here: write 0, or leave "
		    "the key out" },
	{ "a='x' \\\n'y'\nb=1",
	  "1:7: error: '\\' has no meaning here: only a list in [ ] can go on "
	  "in the next line\n"
	  "2:1: error: the text 'y' is here, where a key is needed" },
	{ "import os\na=1\nb=(2)\nc=3",
	  "1:8: error: 'os' is here, where '=' or '+=' is needed\n"
	  "3:3: error: '(' has no meaning here: text stands in quotes" },

	/* after a mistake in a list, what follows is judged again */
	{ "a=['x'\n'y',\n'z']\nb=\nc=1",
	  "2:1: error: the text 'y' is here, where ',' or ']' is needed\n"
	  "4:3: error: the end of the line is here, where a value (\"text\", "
	  "a number or a [list]) is needed" },
};

static void say_value(struct text *t, const struct cfg_value *value)
{
	if (value->type == CFG_TEXT) {
		say(t, "%s", value->text);
		return;
	}
	say(t, "[");
	for (size_t i = 0; i < value->count; i++) {
		say(t, "%s", i ? "," : "");
		say_value(t, value->items[i]);
	}
	say(t, "]");
}

static int check(const char *input, const char *want)
{
	struct cfg_pos pos = { .name = "t", .line = 1, .column = 1 };
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct cfg_tree tree = { .arena = &arena };
	struct text got = { .s = "" };
	int failed = 0;

	if (cfg_parse(&tree, input, strlen(input), pos, &diags) != 0) {
		puts("out of memory");
		failed = 1;
	}
	say_diags(&got, &diags);
	for (size_t i = 0; i < tree.count && !diags.errors; i++) {
		say(&got, "%s%s=", i ? " " : diags.count ? "\n" : "",
		    tree.settings[i].name);
		say_value(&got, tree.settings[i].value);
	}
	failed |= expect(input, want, got.s);
	arena_free(&arena);
	return failed;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(cases[i].input, cases[i].want);
	return failed != 0;
}
