# SPDX-License-Identifier: MIT
# The deliberate differences: reads the table tests/compat/differences, and
# says whether they explain why two answers are not the same.
package Differences;
use strict;
use warnings;

# What a text is changed to, so that the other side understands it the same way.
my %meaning = (
	'with a newline at its end' => sub { $_[0] . "\n" },
	'without its last byte' => sub { substr $_[0], 0, -1 },
	'with a blank for each newline' => sub { $_[0] =~ tr/\n/ /r },
	'with LF for CR LF' => sub { $_[0] =~ s/\r\n/\n/gr },
	'without words of blanks' => sub { $_[0] =~ s/(^|,)[ \t]+(?=,|$)/$1/gr },
	'with blanks for tabs before a word' => sub {
		$_[0] =~ s/(^|,)[ \t]+/$1 /gr
	},
	'with escapes that xl knows' => \&spell_escapes,
	'without trusted and untrusted' => sub {
		$_[0] =~ s/(?:(?<=[,:])|^)[ \t\n]*(?:un)?trusted(?:,|$)//gr
	},
);

my %letter = ("\a" => 'a', "\b" => 'b', "\f" => 'f', "\n" => 'n', "\r" => 'r',
	"\t" => 't', "\x0b" => 'v', '\\' => '\\', '"' => '"', "'" => "'");

sub spell_escapes {
	my ($text) = @_;
	my $spell = sub {
		my ($number) = @_;
		my $byte = chr $number;
		return $letter{$byte} ? "\\$letter{$byte}" : $byte;
	};
	$text =~ s{\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))}
		  { defined $1 ? $spell->(hex $1)
		  : defined $2 ? $spell->(oct($2) & 255) : "\\$3" }gexs;
	return $text;
}

# A line "difference NAME" begins an entry, lines "FIELD VALUE" are its fields,
# and a line of blanks and text goes on with the field before.
sub read_table {
	my ($class, $path) = @_;
	my ($entry, $field, @entries);

	open my $in, '<', $path or die "$path: $!\n";
	while (<$in>) {
		next if /^#/ || /^\s*$/;
		chomp;
		if (/^difference (\S+)$/) {
			$entry = { name => $1, hits => 0 };
			push @entries, $entry;
		} elsif (/^\t(\w+) +(.*)$/) {
			$field = $1;
			$entry->{$field} = $2;
		} elsif (/^\t\t +(.*)$/) {
			$entry->{$field} .= $field eq 'because' ? " $1" : $1;
		} else {
			die "$path:$.: not understood\n";
		}
	}
	check_entry($path, $_) for @entries;
	return bless { entries => \@entries }, $class;
}

sub check_entry {
	my ($path, $e) = @_;
	my $where = "$path: $e->{name}";

	for my $field (qw(in xl ours because)) {
		die "$where: $field is missing\n" unless $e->{$field};
	}
	for my $field (qw(saying where answer ignoring)) {
		$e->{$field} = qr/$e->{$field}/ if defined $e->{$field};
	}
	die "$where: refuses, but 'saying' is missing\n"
		if $e->{ours} eq 'refuses' && !$e->{saying};
	my $means = $e->{means} // $e->{alike};
	die "$where: accepts, but 'means' is missing\n"
		if $e->{ours} eq 'accepts' && !$means;
	if ($means) {
		$e->{change} = $meaning{$means} or
			die "$where: means '$means': not known\n";
	}
}

sub verdict {
	my ($answer) = @_;
	return $answer =~ /^(\w+)\n/ ? $1 : 'nothing';
}

# Values in any order, as often as it likes; who refuses may say what he wants.
sub canonical {
	my ($answer, $ignoring) = @_;
	my %lines;

	return $answer if verdict($answer) ne 'accepted';
	$lines{$_} = 1 for grep { !/^warning: / }
		grep { !$ignoring || $_ !~ $ignoring } split /\n/, $answer;
	return join "\n", sort keys %lines;
}

sub same {
	my ($one, $other, $ignoring) = @_;
	my $verdict = verdict($one);

	return 0 if $verdict ne verdict($other) || $verdict eq 'crashed';
	return 1 if $verdict eq 'refused';
	return canonical($one, $ignoring) eq canonical($other, $ignoring);
}

# The smallest set of entries that explains the answers XL and OURS to TEXT, as
# a list of them; undef when nothing does. ASK_XL and ASK_OURS ask again.
sub explain {
	my ($self, $case, $depth) = @_;
	my ($xl, $ours) = @$case{'xl', 'ours'};

	return [] if same($xl, $ours);
	return undef if ($depth // 0) > 3;
	return $self->explain_refusal($case, $depth // 0)
		if verdict($xl) eq 'accepted' && verdict($ours) eq 'refused';
	return $self->explain_crash($case)
		if verdict($xl) eq 'crashed' && verdict($ours) eq 'refused';
	return $self->explain_acceptance($case, $depth // 0)
		if verdict($ours) eq 'accepted' && verdict($xl) ne 'crashed';
	return undef;
}

sub applies {
	my ($entry, $case) = @_;
	return $entry->{in} eq $case->{in} &&
		(!$entry->{where} || $case->{text} =~ $entry->{where}) &&
		(!$entry->{answer} || $case->{xl} =~ $entry->{answer});
}

sub explain_crash {
	my ($self, $case) = @_;
	my ($entry) = grep {
		$_->{xl} eq 'crashes' && applies($_, $case) &&
		$case->{ours} =~ $_->{saying}
	} @{$self->{entries}};

	return $entry && [ $entry ];
}

# The same with another text: for us, or for BOTH.
sub again {
	my ($case, $text, $both) = @_;
	return { %$case, text => $text, ours => $case->{ask_ours}->($text),
		 $both ? (xl => $case->{ask_xl}->($text)) : () };
}

# Each of our messages must be one that an entry speaks of.
sub explain_refusal {
	my ($self, $case, $depth) = @_;
	my (undef, @messages) = split /\n/, $case->{ours};
	my %by;

	for my $message (grep { !/^warning: / } @messages) {
		my ($entry) = grep {
			$_->{ours} eq 'refuses' && $_->{xl} eq 'accepts' &&
			applies($_, $case) && $message =~ $_->{saying}
		} @{$self->{entries}};
		return undef unless $entry;
		$by{$entry->{name}} = $entry;
	}
	return undef unless %by;
	for my $entry (grep { $_->{change} } values %by) {
		my $text = $entry->{change}->($case->{text});
		return undef if $text eq $case->{text};
		my $more = $self->explain(
			again($case, $text, $entry->{alike}), $depth + 1);
		return undef unless $more;
		$by{$_->{name}} = $_ for @$more;
	}
	return [ values %by ];
}

# xl must understand the changed text as we do the original.
sub explain_acceptance {
	my ($self, $case, $depth) = @_;
	my @can = grep {
		$_->{ours} eq 'accepts' && applies($_, $case)
	} @{$self->{entries}};

	for my $mask (sort { bits($a) <=> bits($b) } 1 .. (1 << @can) - 1) {
		my @some = map { $can[$_] } grep { $mask & 1 << $_ } 0 .. $#can;
		my $text = $case->{text};
		my ($ignoring) = grep { $_ } map { $_->{ignoring} } @some;

		$text = $_->{change}->($text) for @some;
		next if $text eq $case->{text};
		return \@some if same($case->{ask_xl}->($text), $case->{ours},
				      $ignoring);
		next unless grep { $_->{alike} } @some;
		my $more = $self->explain(again($case, $text, 1), $depth + 1);
		return [ @some, @$more ] if $more;
	}
	return undef;
}

sub bits {
	my ($mask) = @_;
	return unpack '%32b*', pack 'N', $mask;
}

1;
