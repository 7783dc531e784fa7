# SPDX-License-Identifier: MIT
# Keys and sub-keys: that xl-lite says something of each it does not carry out,
# and that no slip of a finger turns one into nothing. What does not hold is
# returned as lines; none is good.
package Keys;
use strict;
use warnings;
use IPC::Open3;

my %types = (pv => 'PV', pvh => 'PVH', hvm => 'HVM');

sub read_table {
	my ($class, $path) = @_;
	my @keys;

	open my $in, '<', $path or die "$path: $!\n";
	while (<$in>) {
		next if /^#/;
		/^(\w+) +(must|should|niche) +([a-z,]+) +([a-z+]+) +(\w+)(?::(\w+))? +(.*)$/
			or die "$path:$.: not understood\n";
		push @keys, { name => $1, weight => $2, reads => $4, does => $5,
			      acts => $6 // '', value => $7,
			      guests => $3 eq 'all' ? 'pv,pvh,hvm' : $3 };
	}
	return bless { keys => \@keys,
		       known => { map { $_->{name} => $_ } @keys } }, $class;
}

# A guest of TYPE with one more line, if the line is not about the same.
sub guest {
	my ($type, $line) = @_;
	my ($key) = $line =~ /^(\w+)/;
	my @lines = grep { !/^\Q$key\E=/ }
		('name="g"', 'kernel="/k"', 'memory=64', "type=\"$type\"");

	@lines = grep { !/^type=/ } @lines if $key eq 'builder';
	return join "\n", @lines, $line, '';
}

# --- what xl reads -------------------------------------------------------------

# Each of these makes xl look for more keys.
my $more = <<'EOT';
vnc=1
sdl=1
spice=1
pvshim=1
gfx_passthru="igd"
device_model_stubdomain_override=1
usb=1
videoram=8
pci=["00:01.0"]
EOT

sub not_as_xl_reads {
	my ($self, $xl) = @_;
	my (%reads, @wrong);

	for my $type (sort keys %types) {
		my $trace = $xl->dry_run(guest($type, $more))->{trace};
		$reads{$2}{$1} = 1 while $trace =~ /^(\w+) (\w+)$/mg;
	}
	return 'xl did not tell what it reads' unless %reads;
	for my $name (sort keys %reads) {
		my $as = join '+', sort keys %{$reads{$name}};
		my $key = $self->{known}{$name};

		push @wrong, "$name: xl reads it, and tests/compat/keys has it not"
			unless $key;
		push @wrong, "$name: xl reads it as $as, not $key->{reads}"
			if $key && $key->{reads} ne $as;
	}
	for my $key (grep { $_->{reads} ne 'never' } @{$self->{keys}}) {
		push @wrong, "$key->{name}: xl does not read it"
			unless $reads{$key->{name}};
	}
	return @wrong;
}

# --- what we do ----------------------------------------------------------------

sub acts {
	my ($key, $type) = @_;

	return $key->{does} eq 'acts' || $key->{acts} eq $type;
}

# What 'xl-lite check' must say of a key: its status, and a text of ours.
sub expected {
	my ($key, $type) = @_;
	my $name = $key->{name};

	return (0, qr/^warning: \d+:\d+: $name does nothing for a $types{$type} guest$/m)
		if ",$key->{guests}," !~ /,$type,/;
	return 0 if acts($key, $type);
	return (1, qr/^\d+:\d+: $name: xl knows this key, but xl-lite does not do it yet/m)
		if $key->{does} eq 'refused';
	return (0, qr/^warning: \d+:\d+: $name does nothing: \S/m);
}

sub judge {
	my ($key, $type, $answer) = @_;
	my ($refused, $saying) = expected($key, $type);
	my $what = "$key->{name}=$key->{value} for a $type guest";

	return "$what: ". ($refused ? 'accepted' : "refused: $answer")
		if $refused != ($answer =~ /^refused/);
	return "$what: silence" if $saying && $answer !~ $saying;
	return "$what: said, though it acts: $answer"
		if !$saying && $answer =~ /\b$key->{name}\b/;
	return "$what: '$1' is not refused, so this would be lost"
		if $key->{weight} eq 'must' && $key->{does} eq 'idle' &&
		   $answer =~ /$key->{name} does nothing: it is about (\w+)/ &&
		   $key->{owner}->{$1}{does} ne 'refused';
	return ();
}

sub not_said {
	my ($self, $ours) = @_;
	my @wrong;

	for my $key (@{$self->{keys}}) {
		$key->{owner} = $self->{known};
		for my $type (sort keys %types) {
			my $answer = $ours->ask('check',
				guest($type, "$key->{name}=$key->{value}"));
			push @wrong, judge($key, $type, $answer);
		}
	}
	return @wrong;
}

# No numbers, though some begin like one: xl takes those, or none of it.
my @no_numbers = ('12m', 'x', '', '1.5', '0x', '08', '1 ', '1,2', '--1', '+',
		  '0x1g', '9' x 25);

# A value that xl would drop, since it is of another kind, is an error.
sub other_kinds_taken {
	my ($self, $ours, $count) = @_;
	my @wrong;

	for my $key (@{$self->{keys}}) {
		my %tried = $key->{reads} eq 'text'
			? ('["x"]' => ' is one text, not a list')
			: $key->{reads} eq 'number'
			? ('[1]' => ' is a number, not a list',
			   map { ("\"$_\"" => "='$_' is not a number") } @no_numbers)
			: next;
		# a text is tried as well
		next if $key->{name} eq 'gfx_passthru';
		for my $value (sort keys %tried) {
			my $line = "$key->{name}=$value";
			my $answer = $ours->ask('check', guest('hvm', $line));

			$$count++;
			push @wrong, "$line: $answer" unless $answer =~
				/^\d+:\d+: \Q$key->{name}$tried{$value}\E/m;
		}
	}
	return @wrong;
}

# The same of numbers within a text: its key, and which of its words are numbers.
my %numbers_in = (
	vif => [ qw(devid mtu rate) ],
	vfb => [ qw(vncdisplay) ],
	vkb => [ qw(width height multi-touch-width multi-touch-height
		    multi-touch-num-contacts) ],
);

sub no_numbers_taken {
	my ($ours, $count) = @_;
	my @wrong;

	for my $key (sort keys %numbers_in) {
		for my $name (@{$numbers_in{$key}}) {
			# 08 is one, where a leading 0 does not mean octal
			for my $value (grep { !/[ ,]|^08$/ } @no_numbers) {
				my $line = "$key=[\"$name=$value\"]";
				my $answer = $ours->ask('check', guest('hvm', $line));

				$$count++;
				push @wrong, "$line: $answer" unless
					$answer =~ /^refused/ &&
					$answer =~ /^\d+:\d+: .*\b$name\b/m;
			}
		}
	}
	return @wrong;
}

# The program says the same as the library of it that was asked above.
sub not_said_by_program {
	my ($self, $program) = @_;
	my @wrong;

	for my $key (grep { $_->{name} ne 'builder' } @{$self->{keys}}) {
		my ($type) = $key->{name} eq 'type' ? 'pv'
			: $key->{guests} =~ /(hvm)/ ? $1
			: $key->{guests} =~ /(pv)(?:,|$)/ ? $1 : 'pvh';
		my @lines = split /\n/, guest($type, "$key->{name}=$key->{value}");
		my $pid = open3(my $in, my $out, undef, $program, 'check',
				'--no-files', '/dev/null', @lines);
		my $said = join '', <$out>;
		waitpid $pid, 0;
		my ($refused) = expected($key, $type);
		my $named = $said =~
			/^command line:\d+:\d+: (?:error|warning): $key->{name}(?::| does)/m;

		push @wrong, "$key->{name}: exit status $?: $said"
			if $? != ($refused ? 256 : 0) ||
			   $named != !acts($key, $type);
	}
	return @wrong;
}

# --- slips of a finger ---------------------------------------------------------

# All words that one letter more, less, other, or two swapped, make of a word.
sub edits {
	my ($word, $letters) = @_;
	my %edits;

	for my $at (0 .. length $word) {
		my ($left, $right) = (substr($word, 0, $at), substr $word, $at);
		my $rest = $right eq '' ? '' : substr $right, 1;

		$edits{"$left$_$right"} = 1 for @$letters;
		next if $right eq '';
		$edits{"$left$_$rest"} = 1 for @$letters;
		$edits{"$left$rest"} = 1;
		$edits{$left . scalar reverse(substr $right, 0, 2) .
		       substr $right, 2} = 1 if length $right > 1;
	}
	delete @edits{$word, ''};
	return sort keys %edits;
}

# A word that is no key gets a warning with the key that was meant; what is no
# word at all is an error.
sub key_edits_not_told {
	my ($self, $ours, $count) = @_;
	my @letters = ('a' .. 'z', 'A' .. 'Z', 0 .. 9, '_', '.', '-');
	my @wrong;

	for my $key (grep { $_->{weight} eq 'must' } @{$self->{keys}}) {
		for my $word (edits($key->{name}, \@letters)) {
			next if $self->{known}{$word};
			my $answer = $ours->ask('check',
				"name='g'\nkernel='/k'\nmemory=64\n$word=1\n");
			$$count++;
			next if $answer =~ /^refused/;
			push @wrong, "$word: silence instead of a word on $key->{name}"
				unless $answer =~ /^warning: \d+:\d+: \Q$word\E is not a key, so it does nothing: did you mean '(\w+)'\?$/m &&
				       $self->{known}{$1};
		}
	}
	return @wrong;
}

my %disk = (
	keys => [ qw(target format vdev access devtype backend backendtype
		     specification script frontend) ],
	flags => [ qw(cdrom direct-io-safe discard no-discard trusted untrusted
		      no-colo) ],
	refused => [ qw(colo-host colo-port colo-export active-disk hidden-disk
			colo) ],
	prefixes => [ qw(raw qcow qcow2 vhd iscsi nbd enbd drbd tapdisk tap tap2
			 aio ioemu file phy) ],
	base => '/x,raw,xvda,rw,',
);
my %vif = (
	keys => [ qw(type mac bridge gatewaydev netdev ip script backend
		     backendtype vifname model rate devid mtu accel frontend) ],
	flags => [ qw(trusted untrusted) ],
	refused => [ qw(forwarddev) ],
	prefixes => [],
	base => '',
);

# Each is an error that shows the word.
sub spec_edits_not_told {
	my ($kind, $language, $ours, $count) = @_;
	my @letters = ('a' .. 'z', 'A' .. 'Z', 0 .. 9, '_', '-', '.');
	my %known = map { $_ => 1 } map { @{$language->{$_}} }
		qw(keys flags refused prefixes);
	my @wrong;

	my $try = sub {
		my ($word, $spec, $shown) = @_;
		my $answer = $ours->ask($kind, $spec);
		$$count++;
		push @wrong, "$spec: not told of '$word': $answer"
			unless $answer =~ /^refused/ &&
			       (!$shown || index($answer, "'$word") >= 0);
	};
	for my $name (@{$language->{keys}}, @{$language->{flags}}) {
		my $key = grep { $_ eq $name } @{$language->{keys}};
		for my $word (grep { !$known{$_} } edits($name, \@letters)) {
			$try->($word, $language->{base} . $word .
			       ($key ? '=1' : ''), 1);
		}
	}
	for my $name (@{$language->{prefixes}}) {
		for my $word (grep { !$known{$_} } edits($name, \@letters)) {
			$try->($word, "$word:/x,xvda,w", 0);
		}
	}
	return @wrong;
}

sub disk_edits_not_told { return spec_edits_not_told('disk', \%disk, @_) }
sub vif_edits_not_told { return spec_edits_not_told('vif', \%vif, @_) }

1;
