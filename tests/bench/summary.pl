#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Turns the samples of a comparison into a table of ratios, and into JSON.
#
#	summary.pl [--json FILE] < lines
#
# reads lines `sample METRIC ROUND ARM VALUE`. ARM is `ours` or a peer's name,
# with _ for a space; in each round all arms ran right after one another, so a
# ratio is taken within its round and the median and range are of these ratios:
# the machine's speed may drift from round to round.
use strict;
use warnings;
use JSON::PP;

# metric => unit, which way is better, the bar for ours/peer, by peer
my %known = (
	create_time          => [ 's',   'less', { xl => 0.125 } ],
	destroy_time         => [ 's',   'less', { xl => 0.125 } ],
	create_requests      => [ '',    'less', {} ],
	create_time_nodev    => [ 's',   'less', { xl => 0.5 } ],
	destroy_time_nodev   => [ 's',   'less', {} ],
	create_requests_nodev => [ '',   'less', {} ],
	create_time_pvh      => [ 's',   'less', { xl => 0.125 } ],
	destroy_time_pvh     => [ 's',   'less', { xl => 0.125 } ],
	create_requests_pvh  => [ '',    'less', {} ],
	create_time_hvm      => [ 's',   'less', {} ],
	create_time_hvm_but_qemu => [ 's', 'less', { xl => 0.2 } ],
	create_16_parallel   => [ 's',   'less', { xl => 0.125 } ],
	create_50th_over_2nd => [ 's',   'less', { 'own 2nd guest' => 1.1 } ],
	create_50th_over_2nd_xl => [ 's', 'less', {} ],
	reboot_time          => [ 's',   'less', { xl => 0.1 } ],
	blk_randread_4k_qd1  => [ 'IOPS', 'more', { 'xen-blkback' => 0.7 } ],
	blk_randread_4k_qd32 => [ 'IOPS', 'more',
				  { 'xen-blkback' => 0.7, qdisk => 3 } ],
	blk_randwrite_4k_qd32 => [ 'IOPS', 'more',
				  { 'xen-blkback' => 0.7, qdisk => 3 } ],
	blk_seqread_128k     => [ 'MB/s', 'more', { 'xen-blkback' => 0.7 } ],
	net_tcp_out          => [ 'Mbit/s', 'more', { 'xen-netback' => 0.6 } ],
	net_tcp_in           => [ 'Mbit/s', 'more', { 'xen-netback' => 0.6 } ],
	net_udp64_out        => [ 'kpps', 'more', {} ],
	net_udp64_in         => [ 'kpps', 'more', {} ],
);
my @order = qw(create_time destroy_time create_requests
	create_time_nodev destroy_time_nodev create_requests_nodev
	create_time_pvh destroy_time_pvh create_requests_pvh
	create_time_hvm create_time_hvm_but_qemu
	create_16_parallel create_50th_over_2nd create_50th_over_2nd_xl
	reboot_time
	blk_randread_4k_qd1 blk_randread_4k_qd32 blk_randwrite_4k_qd32
	blk_seqread_128k net_tcp_out net_tcp_in net_udp64_out net_udp64_in);

my $json_file;
if (@ARGV == 2 && $ARGV[0] eq '--json') {
	$json_file = $ARGV[1];
} elsif (@ARGV) {
	die "usage: summary.pl [--json FILE] < lines\n";
}

sub median
{
	my @v = sort { $a <=> $b } @_;

	return @v % 2 ? $v[$#v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

my %value;		# metric, arm, round
while (<STDIN>) {
	next unless /^sample (\S+) (\d+) (\S+) ([0-9.]+)\s*$/;
	my ($metric, $round, $arm, $v) = ($1, $2, $3, $4);
	die "sample of an unknown metric: $metric\n" unless $known{$metric};
	$arm =~ tr/_/ /;
	$value{$metric}{$arm}{$round} = $v;
}

my (%json, @rows);
for my $metric (grep { $value{$_} } @order) {
	my ($unit, $better, $bars) = @{ $known{$metric} };
	my $ours = $value{$metric}{ours} or
		die "$metric: no sample of ours\n";

	for my $peer (sort { ($a eq 'qdisk') <=> ($b eq 'qdisk') }
		      grep { $_ ne 'ours' } keys %{ $value{$metric} }) {
		my $theirs = $value{$metric}{$peer};
		my @rounds = grep { $ours->{$_} && $theirs->{$_} }
			keys %$theirs;
		next unless @rounds;
		my @ratios = sort { $a <=> $b }
			map { $ours->{$_} / $theirs->{$_} } @rounds;
		my $ratio = median(@ratios);
		my $bar = $bars->{$peer};
		my $verdict = !defined $bar ? '' :
			($better eq 'less' ? $ratio <= $bar : $ratio >= $bar) ?
			sprintf('reached %s %g', $better eq 'less' ? '<=' :
				'>=', $bar) :
			sprintf('SHORT of %s %g', $better eq 'less' ? '<=' :
				'>=', $bar);

		$json{$metric . ($peer eq 'qdisk' ? '_qdisk' : '')} = {
			peer => $peer,
			ratio => $ratio + 0,
			low => $ratios[0] + 0,
			high => $ratios[-1] + 0,
			runs => scalar @rounds,
		};
		push @rows, sprintf('%-23s %-13s %6.3f  %6.3f..%-6.3f %4d' .
			'  %10.4g %10.4g %-6s %-4s %s', $metric, $peer, $ratio,
			$ratios[0], $ratios[-1], scalar @rounds,
			median(map { $ours->{$_} } @rounds),
			median(map { $theirs->{$_} } @rounds),
			$unit, $better, $verdict);
	}
}
die "no samples: nothing was measured\n" unless @rows;

printf "%-23s %-13s %6s  %-14s %4s  %10s %10s %-6s %-4s\n", 'metric', 'peer',
	'ratio', 'low..high', 'runs', 'ours', 'peer', 'unit', 'good';
print "$_\n" for @rows;
print "ratio is ours/peer: the median of the rounds' ratios\n";

if ($json_file) {
	open my $f, '>', $json_file or
		die "$json_file: cannot be written: $!\n";
	print $f JSON::PP->new->canonical->pretty->encode(\%json) or
		die "$json_file: cannot be written: $!\n";
	close $f or die "$json_file: cannot be written: $!\n";
}
