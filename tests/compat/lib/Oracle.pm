# SPDX-License-Identifier: MIT
# A process that answers questions about texts, as tests/compat/oracle.h says.
package Oracle;
use strict;
use warnings;
use IPC::Open3;

sub new {
	my ($class, $program, %more) = @_;
	return bless { program => $program, %more }, $class;
}

sub start {
	my ($self) = @_;
	open my $null, '>', '/dev/null' or die "/dev/null: $!\n";
	# what is said of a crash, again and again, helps nobody
	my $err = $self->{quiet} ? '>&' . fileno $null : '>&STDERR';
	$self->{pid} = open3($self->{to}, $self->{from}, $err, $self->{program});
	binmode $self->{$_}, ':raw' for 'from', 'to';
}

# What the process says, or that it died of the question: "crashed".
sub ask {
	my ($self, $kind, $text) = @_;
	my $answer = '';

	local $SIG{PIPE} = 'IGNORE';
	$self->start unless $self->{pid};
	my ($from, $to) = @$self{'from', 'to'};
	print $to "$kind ", length $text, "\n", $text;
	$to->flush;
	my $size = <$from>;
	if (!defined $size || (read($from, $answer, $size) // -1) != $size) {
		my $status = $self->end;
		return "crashed\nexit status $status\n";
	}
	return $answer;
}

sub end {
	my ($self) = @_;
	return 0 unless $self->{pid};
	close $self->{to};
	close $self->{from};
	waitpid delete $self->{pid}, 0;
	return $?;
}

1;
