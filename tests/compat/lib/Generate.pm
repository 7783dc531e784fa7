# SPDX-License-Identifier: MIT
# Texts of xl's languages, made up: well-formed ones and what is nearly so. All
# that is random comes from rand(), so that a seed says it all.
package Generate;
use strict;
use warnings;

sub one_of { return $_[int rand @_] }
sub chance { return rand($_[0]) < 1 }		# one in that many

# --- mutations -----------------------------------------------------------------

# Change one place of a text: something out, in, doubled, swapped, or turned.
sub mutate {
	my ($text, @marks) = @_;
	my $at = int rand(1 + length $text);
	my $size = chance(3) ? 1 + int rand 8 : 1;
	my $piece = $at < length $text ? substr $text, $at, $size : '';
	my $kind = int rand 8;

	if ($kind == 0) {
		substr $text, $at, length $piece, '';
	} elsif ($kind <= 2) {
		substr $text, $at, 0, one_of(@marks);
	} elsif ($kind <= 4) {
		substr $text, $at, length $piece, one_of(@marks);
	} elsif ($kind == 5) {
		substr $text, $at, 0, $piece;
	} elsif ($kind == 6) {
		my $to = int rand(1 + length $text);
		substr $text, $at, length $piece, '';
		$to = length $text if $to > length $text;
		substr $text, $to, 0, $piece;
	} else {
		$text = chance(2) ? substr $text, 0, $at : substr $text, $at;
	}
	return $text;
}

# --- configurations ------------------------------------------------------------

my @keys = qw(a b c d.e f_1 g2 h.i_j.k memory vif disk name on_crash z9.);
my @config_marks = (
	"'", '"', '\\', '[', ']', ',', ';', '=', '+=', '+', '#', "\n", "\r",
	"\r\n", "\0", ' ', "\t", '-', '.', '_', 'A', 'x', '0', '9', 'True',
	'None', '0x', '1.5', '-1', "\xff", "\xc3\xa9", "\x01", "\x7f", "\x0b",
	"\\\n", '\\x41', '\\x', '\\101', '\\0', '\\000', '\\400', '\\q', '\\\'', '==', '()',
	'{', '!', '@', '$', '%', '&', '*', '/', '//', ':', '<', '?', '^', '`',
	'|', '~', 'a=', "b = 'x'", "'y'", '[1]', '[,]', "a=1\n", "a+=[2]\n",
	"a+='z'\n", " 'j' ", '# c', "# c\n", "\n\n", ' ;', ';;',
);

sub string {
	my $quote = one_of("'", '"');
	my $other = $quote eq '"' ? "'" : '"';
	my $body = join '', map { one_of(
		'x', 'y z', 'Key', '0', '12', ' ', '', $other, "\\$quote",
		'\\\\', '\\n', '\\t', '\\a', '\\b', '\\f', '\\r', '\\v', '#',
		';', '[', ']', ',', '=', '+=', '/dev/xvda,raw', "\xc3\xbc",
		"\xff", "\t", "\x01", "\r", 'mac=00:16:3e:00:00:01', '\\x41',
		'\\101', chance(9) ? one_of('\\0', '\\000', '\\477', "\0") : 'n',
		'\\\'', '\\"') } 1 .. int rand 5;

	return "$quote$body$quote";
}

sub number {
	return one_of(0, 1, 7, 42, 512, 4096, '010', '08', '0x', '0xff',
		      '0x1f00', '1a', '12ab', '0f0', '99999999999999999999',
		      '00', '1x', '2f', int rand 100000);
}

sub blanks { return one_of('', '', '', ' ', '  ', "\t", " \t ") }

# Where lines may end: in lists.
sub breaks {
	return blanks() . (chance(5) ? one_of("\n", " # c\n", "\n\n",
					      "#'\n", "# ]\n") : '') . blanks();
}

sub value {
	my ($depth) = @_;
	my $count = int rand 4;

	return chance(3) ? number() : string() if $depth > 3 || !chance(3);
	my $list = '[' . breaks();
	$list .= value($depth + 1) . breaks() . ',' . breaks()
		for 1 .. $count;
	$list =~ s/,([^,]*)\z/$1/ if $count && !chance(3);
	return "$list]";
}

sub statement {
	return one_of(@keys) . blanks() . one_of('=', '=', '=', '+=') .
		blanks() . value(0) . blanks();
}

sub config {
	my $text = chance(6) ? one_of("\n", "# c\n", " # c\n", ';', "\n;\n") : '';

	for (1 .. int rand 6) {
		$text .= blanks() . statement() .
			one_of("\n", "\n", "\n", ';', ' ; ', " # c\n", "\n\n",
			       "#\n", ";\n", "; # c\n");
	}
	$text .= chance(8) ? one_of('# c', ' #', ' ', "\n") :
		 chance(4) ? statement() : '';
	$text =~ s/\n/\r\n/g if chance(30);
	return $text;
}

sub config_mutated { return mutate(config(), @config_marks) }
sub config_mutated_twice { return mutate(config_mutated(), @config_marks) }

# Words of the language in no order at all.
sub config_words {
	return join '', map { one_of(@config_marks, @keys, string(), number(),
				     '=', '=', "\n", blanks()) }
		1 .. 1 + int rand 8;
}

# Around the limits that we have and xl has not: each in its turn.
my $large = 0;

sub config_large {
	my $turn = $large++;
	my $more = int($turn / 3) % 5 - 2;

	return 'a = ' . '[' x (16 + $more) . '1' . ']' x (16 + $more) . "\n"
		if $turn % 3 == 0;
	return join '', map { "k$_=$_\n" } 1 .. 4096 + $more
		if $turn % 3 == 1;
	return "a = '" . 'x' x ((1 << 20) + $more - 7) . "'\n";
}

# --- numbers -------------------------------------------------------------------

sub memory {
	my $body = join '', map { one_of(
		'', '0', '1', '7', '8', '9', '12', 'x', '0x', '0X', 'a', 'f',
		'm', 'G', ' ', '-', '+', '.', '4294967295', '4294967296',
		'99999999999', '9223372036854775807', '9223372036854775808',
		'9', '00', "\t", "\\n", '\\v', 'e3', ',', '1_000') }
		1 .. 1 + int rand 3;
	my $quote = one_of("'", '"', '');

	$body = number() if chance(3);
	return 'memory' . blanks() . (chance(9) ? '+=' : '=') . blanks() .
		"$quote$body$quote\n" . (chance(20) ? "memory+='1'\n" : '');
}

# --- disks ---------------------------------------------------------------------

my @targets = ('/x', '/dev/vg/a', 'img.raw', '/a b', 'rbd:pool/i', '/t=u',
	       "/d\xc3\xa9", '/x:y', '//s/p');
my @formats = ('raw', 'qcow', 'qcow2', 'vhd', 'qed', 'empty', '');
my @vdevs = qw(xvda xvdb1 xvdz xvdaa hda hdc sda2 sdp d0p1 d5p3 51712 0xca00);
my @accesses = ('r', 'ro', 'w', 'rw', '');
my @options = (
	'cdrom', 'devtype=cdrom', 'devtype=disk', 'backend=dd', 'backend=0',
	'backendtype=phy', 'backendtype=qdisk', 'backendtype=tap',
	'backendtype=standalone', 'script=s', 'script=/a/b', 'direct-io-safe',
	'discard', 'no-discard', 'format=raw', 'format=qcow2', 'vdev=xvdc',
	'access=r', 'access=w', 'trusted', 'untrusted', 'specification=xen',
	'specification=virtio', 'colo', 'no-colo', 'colo-host=h',
	'colo-port=9', 'colo-export=e', 'active-disk=a', 'hidden-disk=b',
);
my @disk_marks = (
	',', '=', ':', ' ', "\t", "\n", "=\n", "\nx", "x\n", '-', '/', 'x', '9', 'X', ',,', 'b=',
	'bogus=x', 'hda:tape', 'hdc:cdrom', 'xvda:disk', 'raw ', ' raw', 'e:/x',
	'rbd:', 'rbd:p', 'phy:', 'file:', 'tap:aio:', 'format=', 'vdev=',
	'access=', 'access=q', 'backend=', 'backendtype=x', 'script=',
	'target=', 'target=/t', 'target=/t,u=v', "target=/t\n,", "target=\n", 'devtype=x', "'", '"', '\\',
	'#', "\x01", "\xff", '.', '_', 'A=1', 'a_b=1', 'discard=1', 'cdrom ',
	'raw:', 'qcow2:', 'vhd:', 'iscsi:', 'nbd:', 'enbd:', 'drbd:', 'ioemu:',
	'tapdisk:', 'tap2:', '51712', 'trusted', 'untrusted',
);

# What is given by name, each name once.
sub disk_options {
	my %seen = @_;

	return grep { /^(?:un|no-)?([a-z]+(?:-[a-z]+)*)/; !$seen{$1}++ }
		map { one_of(@options, 'vdev=' . one_of(@vdevs)) }
		1 .. int rand 5;
}

# The old way: target, vdev, access behind a prefix, or two.
sub disk_prefixed {
	my $prefix = join '', map { one_of('phy:', 'file:', 'tap:', 'tap2:',
		'aio:', 'ioemu:', 'tapdisk:', 'raw:', 'qcow:', 'qcow2:', 'vhd:',
		'iscsi:', 'nbd:', 'enbd:', 'drbd:') } 1 .. (chance(4) ? 2 : 1);

	return ($prefix . one_of(@targets, ''),
		one_of(@vdevs) . one_of('', '', ':cdrom', ':disk'),
		chance(3) ? () : one_of(@accesses));
}

sub disk {
	# to xl that newline ends the target
	return 'target=' . one_of(@targets) . "\n," . one_of(@vdevs)
		if chance(200);
	my @words = chance(4) ? disk_prefixed() :
		(one_of(@targets, @targets, ''), one_of(@formats),
		 one_of(@vdevs), one_of(@accesses));
	my @more;

	if (chance(3)) {	# all by name
		@words = ();
		@more = disk_options(target => 1, vdev => 1);
		push @more, 'vdev=' . one_of(@vdevs);
		push @more, 'target=' . one_of(@targets) unless chance(9);
	} else {
		@more = disk_options(chance(9) ? () :
				     map { $_ => 1 } qw(vdev format access));
		pop @words if chance(4);
	}
	# options come before, between and behind what has a position
	splice @words, int rand(1 + @words), 0, $_
		for grep { !/^target=/ } @more;
	push @words, grep { /^target=/ } @more;
	my $text = join one_of(',', ',', ', ', ", \t", ",\n"), @words;
	return $text . (chance(8) ? one_of(',', ' ', ', ') : '');
}

sub disk_mutated { return mutate(disk(), @disk_marks) }
sub disk_mutated_twice { return mutate(disk_mutated(), @disk_marks) }

sub disk_words {
	return join ',', map { one_of("target=/t\n", @disk_marks, @options, @targets, @formats,
				      @vdevs, @accesses) } 1 .. 1 + int rand 6;
}

# --- rates ---------------------------------------------------------------------

my @rate_marks = ('@', '/', '/s', 's', 'm', 'u', 'b', 'B', 'K', 'M', 'G', 'T',
	'0', '9', '-', '+', ' ', '.', 'x', ',', "\n", '@@', '@5', '10', '');

sub rate {
	return one_of(1, 8, 10, '010', '08', '019', '0128', 0, 125, 999, 4294967295, 4294967296,
		      '0x10', '-1', ' 5', 99999999999999999999,
		      int rand 100000) .
		one_of('', 'K', 'M', 'G') . one_of('B', 'b') . '/s' .
		one_of('', '', map { "\@$_" } '20ms', '20us', '20s', '1', '50m',
		       '7u', 0, 4294, 4295, '5000000ms', '4294967296us',
		       '010ms', '069ms', '1h', '', int(rand 9999) . 'us');
}

sub rate_mutated { return mutate(rate(), @rate_marks) }
sub rate_mutated_twice { return mutate(rate_mutated(), @rate_marks) }

# --- network cards -------------------------------------------------------------

my @vif_options = (
	'mac=00:16:3e:01:02:03', 'mac=0:16:3E:a:b:c', 'mac=02-00-00-00-00-01',
	'bridge=br1', 'bridge=', 'ip=10.0.0.1', 'ip=10.0.0.1 10.0.0.2',
	'script=vif-x', 'script=/a/vif-y', 'backend=nd', 'vifname=v0',
	'model=e1000', 'model=', 'rate=10Mb/s', 'rate=1MB/s@20ms', 'devid=7',
	'devid=0', 'mtu=1500', 'mtu=9000', 'type=vif', 'type=ioemu', 'trusted',
	'untrusted', 'gatewaydev=g', 'netdev=n', 'accel=x',
);
my @vif_marks = (',', ',,', '=', ' ', "\t", ':', '-', 'x', '0', 'mac=', 'mtu=x',
	'rate=', 'type=', 'Bridge=a', 'bogus=1', 'bogus', 'trusted=1', '/',
	'devid=-1', 'mac=zz', 'forwarddev=eth1', ' bridge=b', 'vifname=v v');

sub vif {
	my %seen;

	return join one_of(',', ', ', ' , '), grep { /^([a-z]+)/; !$seen{$1}++ }
		map { one_of(@vif_options) } 1 .. int rand 6;
}

sub vif_mutated { return mutate(vif(), @vif_marks, @vif_options) }

# What only one of the two takes.
my @vif_odd = (
	'mac=01:00:5e:00:00:01', 'mac=0:0:0:0:0:0', 'mac=00:16:3e:01:02:03:04',
	'mac=002:0:0:0:0:1', 'devid=7x', 'devid=70000', 'mtu=60', 'mtu=70000',
	'mtu=9000b', 'bridge=a b', 'vifname=a/b', 'bridge=averyveryverylongone',
	'forwarddev=eth1', 'bridge=a, bridge=b', 'trusted,untrusted', ' ',
	"\tmodel=e1000",
);
my $odd = 0;

sub vif_odd {
	my $option = $vif_odd[$odd++ % @vif_odd];
	my ($name) = $option =~ /(\w*)/;
	my @others = grep { $name eq '' || !/$name/ } split /,/, vif();

	return join ',', @others, $option, 'ip=1';
}

1;
