#!/bin/bash
# SPDX-License-Identifier: MIT
# What xl-lite.cfg(5) says of each key of xl is what we do with it: those that
# act are among the options, the others in the list of those that are refused or
# do nothing. tests/compat/keys has what we do, which tests/compat/compare holds
# against the program. With 'table' as an argument, it is printed as a table.
set -u
cd "${srcdir-.}" || exit 1
exec perl -w - "${1-}" <<'EOP'
use strict;
my ($table) = @ARGV;
my ($section, %said) = ('');

open my $pod, '<', 'tools/xl-lite/xl-lite.cfg.pod' or die "$!\n";
while (<$pod>) {
	$section = $1 if /^=head[12] (.*)/;
	next if /^=head/;
	my $as = $section eq 'Keys that are refused' ? 'refused' :
		 $section eq 'Keys that do nothing' ? 'idle' : 'acts';
	# keys that act are set in bold, and those of newer Xens are no options
	my @words = $as eq 'acts' ? /B<([a-z]\w+)>/g : /\b([a-z]\w+)\b/g;
	$said{$_}{$as} = 1 for @words;
}

my (%count, @wrong);
open my $keys, '<', 'tests/compat/keys' or die "$!\n";
while (<$keys>) {
	next if /^#/;
	my ($name, $weight, $guests, $reads, $does) = split;
	my ($else, $part) = split /:/, $does;
	my @wanted = $part ? ('acts', $else) : ($else);

	$count{$weight}{$part ? 'in part' : $else}++;
	printf "%-32s %-7s %-8s %s\n", $name, $weight, $guests, $part ?
		"$else; for $part it acts" : $else if $table eq 'table';
	for my $as (@wanted) {
		push @wrong, "$name: $as, and xl-lite.cfg(5) does not say so"
			unless $said{$name}{$as};
	}
	for my $as ('refused', 'idle') {
		push @wrong, "$name: xl-lite.cfg(5) says it is $as"
			if $said{$name}{$as} && !grep { $_ eq $as } @wanted;
	}
}
if ($table eq 'table') {
	for my $weight ('must', 'should', 'niche') {
		my %n = %{$count{$weight}};
		my $all = 0;
		$all += $_ for values %n;
		print "$weight: $all keys: ", join(', ',
			map { "$n{$_} $_" } sort keys %n), "\n";
	}
}
print "$_\n" for @wrong;
exit(@wrong != 0);
EOP
