# SPDX-License-Identifier: MIT
# Stock xl itself, run without Xen: xl-offline.c answers for the hypervisor, and
# xl-trace.c tells which keys are read.
package Xl;
use strict;
use warnings;
use File::Temp ();
use JSON::PP ();

sub new {
	my ($class, $here) = @_;
	my $self = bless { dir => File::Temp->newdir }, $class;

	($self->{program}) = grep { -x } '/usr/lib/xen-4.17/bin/xl';
	return $self->without('xl of Xen 4.17 is not installed: xen-utils-4.17')
		unless $self->{program};
	$self->{shim} = "$self->{dir}/shim.so";
	my @cc = split ' ', $ENV{CC} // 'cc';
	my $status = system @cc, '-O1', '-shared', '-fPIC', '-o',
		$self->{shim}, "$here/xl-offline.c", "$here/xl-trace.c", '-ldl';
	return $self->without('xl-offline.c does not compile') if $status;
	return $self;
}

sub without {
	my ($self, $why) = @_;
	$self->{missing} = $why;
	return $self;
}

sub slurp {
	my ($path) = @_;
	local $/;
	open my $in, '<', $path or return '';
	return <$in> // '';
}

# What it prints of a configuration, what it complains of, and what it read.
sub dry_run {
	my ($self, $text) = @_;
	my ($config, $out, $err, $trace) =
		map { "$self->{dir}/$_" } qw(config out err trace);

	unlink $trace;
	open my $to, '>', $config or die "$config: $!\n";
	print $to $text;
	close $to;
	local @ENV{qw(LD_PRELOAD XL_TRACE ASAN_OPTIONS)} =
		($self->{shim}, $trace, '');
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		open STDOUT, '>', $out or die;
		open STDERR, '>', $err or die;
		exec $self->{program}, '-N', 'create', $config or die;
	}
	waitpid $pid, 0;
	return { status => $?, map { $_->[0] => slurp($_->[1]) }
		 [ out => $out ], [ err => $err ], [ trace => $trace ] };
}

# --- a network card, as an oracle ------------------------------------------------

my %names = (
	bridge => 'bridge', gatewaydev => 'gatewaydev', ip => 'ip',
	script => 'script', backend_domname => 'backend', ifname => 'vifname',
	model => 'model',
);

my %types = (vif => 'vif', vif_ioemu => 'ioemu');
my %choices = (True => 'yes', False => 'no');

# What xl says of something wrong, after which it goes on without it.
my $complaint = join '|', 'unrecognized argument', 'Invalid parameter',
	'failed to convert', 'config parsing error';

# As oracle_quoted() of oracle.c has it.
sub quoted {
	my ($text) = @_;
	utf8::encode($text);
	return "'" . $text =~ s/([^ -~]|['\\])/sprintf '\\x%02x', ord $1/ger . "'";
}

sub ask {
	my ($self, undef, $text) = @_;
	my $quoted = $text =~ s/([\\"])/\\$1/gr;
	my $run = $self->dry_run("name='g'\nkernel='/k'\nmemory=64\n" .
				 "vif=[\"$quoted\"]\n");
	my $config = eval { JSON::PP::decode_json($run->{out}) };

	return "refused\n$run->{err}" if $run->{err} =~ $complaint || !$config;
	my $nic = $config->{nics}[0] // {};
	my @lines = map { $names{$_} . ' ' . quoted($nic->{$_} // '') }
		sort keys %names;

	push @lines, "mac $nic->{mac}" if $nic->{mac};
	push @lines, 'type ' . ($types{$nic->{nictype} // ''} // 'default');
	push @lines, 'devid ' . ($nic->{devid} // 0), 'mtu ' . ($nic->{mtu} // 0);
	push @lines, 'rate ' . ($nic->{rate_bytes_per_interval} // 0) . ',' .
		($nic->{rate_interval_usecs} // 0);
	push @lines, 'trusted ' . ($choices{$nic->{trusted} // ''} // 'default');
	return join "\n", 'accepted', @lines, '';
}

sub end { return 0 }

1;
