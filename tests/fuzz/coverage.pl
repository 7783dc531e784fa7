# SPDX-License-Identifier: MIT
#
# Reads what gcov --json-format prints, a JSON text a line, and prints how many
# of each file's lines were run: perl coverage.pl PERCENT LINES TOP FILE...
# Fails when one has less than PERCENT; LINES: prints those that were not run.
use strict;
use warnings;
use JSON::PP;

my ($want, $show, $top, @files) = @ARGV;
@ARGV = ();
my %ran;	# file -> line -> how often, in all objects
my $json = JSON::PP->new;

while (my $text = <STDIN>) {
	next unless $text =~ /^\{/;
	for my $file (@{$json->decode($text)->{files}}) {
		my $name = $file->{file};

		# as the compiler was called: ../src/lib/num.c
		$name =~ s,^(?:.*/)?(?:\.\./)*src/,,;
		$name =~ s,^\./,,;
		$ran{$name}{$_->{line_number}} += $_->{count}
			for @{$file->{lines}};
	}
}

my ($failed, $all, $hit) = (0, 0, 0);
for my $name (@files) {
	my $lines = $ran{$name} || {};
	my @missed = sort { $a <=> $b } grep { !$lines->{$_} } keys %$lines;
	my $count = keys %$lines;
	my $done = $count - @missed;
	my $percent = $count ? 100 * $done / $count : 0;
	my $low = $percent < $want;

	printf "%-36s %4d of %4d lines  %5.1f %%%s\n", $name, $done, $count,
		$percent, $low ? "  too few" : "";
	$failed += $low;
	$all += $count;
	$hit += $done;
	next unless $show && @missed;
	open(my $source, '<', "$top/$name") or die "$top/$name: $!";
	my @text = <$source>;
	printf "  %5d:%s", $_, $text[$_ - 1] for @missed;
}
printf "coverage: %d of %d lines, %.1f %%; %d of %d files below %d %%\n",
	$hit, $all, $all ? 100 * $hit / $all : 0, $failed, scalar @files, $want;
exit($failed != 0);
