# What runs in the Perl process: takes frames from file descriptor 0 (a letter, a length of four octets, so many octets)
# and answers with frames. S: startup code. C: call a subroutine. V, F, E: what became of an expansion (a value,
# a forced failure, an error). Answers: K (started), R (result), U (undef), D (died with), and questions: X (expand),
# L (a log line), B (a debug line).

# No pragmas and no lexical variables before this: the administrator's code is compiled in this scope.
sub Exim::_startup { eval "\$Exim::_compiled = 1;\n#line 1 \"(eval 2)\"\n$_[0]" }

package Exim;
use strict;
use warnings;

open(my $peer, '+<&', 0) or die "no connection: $!";
open(STDIN, '<', '/dev/null');
open(STDOUT, '>', '/dev/null');
$SIG{__WARN__} = sub { my $text = "$_[0]"; $text =~ s/\n\z//; Exim::log_write($text) };
$SIG{PIPE} = 'IGNORE';
while (1) { Exim::_answer(Exim::_receive()) }

sub _send {
    my ($letter, $text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    my $frame = pack('a1N', $letter, length $text) . $text;
    while (length $frame) {
        my $written = syswrite($peer, $frame);
        CORE::exit(0) unless $written;
        substr($frame, 0, $written, '');
    }
}

sub _read {
    my ($wanted) = @_;
    my $text = '';
    while (length $text < $wanted) {
        CORE::exit(0) unless sysread($peer, $text, $wanted - length $text, length $text);
    }
    # What the program says is not from outside to Perl's taint mode.
    return $text =~ /\A(.*)\z/s ? $1 : '';
}

sub _receive {
    my ($letter, $length) = unpack('a1N', _read(5));
    return ($letter, _read($length));
}

sub _answer {
    my ($letter, $text) = @_;
    if ($letter eq 'S') {
        Exim::_startup($text);
        return _send('D', "error in perl_startup code: Compilation error\n") unless $Exim::_compiled;
        Exim::log_write("perl_startup ended early: $@") if $@ ne '';
        return _send('K', '');
    }
    my ($name, @arguments) = unpack('(N/a)*', $text);
    _call($name, @arguments);
}

sub _call {
    my ($name, @arguments) = @_;
    my $full = $name =~ /::|'/ ? $name : "main::$name";
    no strict 'refs';
    return _send('D', "Undefined subroutine &$full called.\n") unless defined &$full;
    my $result = eval { scalar &$full(@arguments) };
    return _send('D', "$@") if $@ ne '';
    return defined $result ? _send('R', "$result") : _send('U', '');
}

sub expand_string {
    my ($text) = @_;
    _send('X', defined $text ? "$text" : '');
    while (1) {
        my ($letter, $answer) = _receive();
        return $answer if $letter eq 'V';
        return undef if $letter eq 'F';
        if ($letter eq 'E') {
            my $message = "syntax error in Exim::expand_string argument: $answer";
            my (undef, $file, $line) = caller;
            die $message =~ /\n\z/ ? $message : "$message at $file line $line.\n";
        }
        # The text that is being expanded calls Perl itself.
        _answer($letter, $answer);
    }
}

sub log_write { _send('L', "$_[0]") }
sub debug_write { _send('B', join '', @_) }
