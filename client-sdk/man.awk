# Makes one manual page for each function of signd.h, out of the comment in
# front of its declaration.  usage: awk -v dir=OUT -v version=V -f man.awk signd.h
function flush_page(name, file, line, n, i, lines) {
	name = declaration
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	file = dir "/" name ".3"
	line = comment
	gsub(/\n/, " ", line)
	gsub(/  +/, " ", line)
	sub(/^ /, "", line)
	summary = line
	sub("^" name " ", "", summary)
	sub(/[.;:] .*/, "", summary)
	sub(/[. ]+$/, "", summary)
	print ".TH " name " 3 \"\" \"libsignd " version "\" \"libsignd\"" > file
	print ".SH NAME\n" name " \\- " summary > file
	print ".SH SYNOPSIS\n.nf\n.B #include <signd.h>\n.PP" > file
	n = split(declaration, lines, "\n")
	for (i = 1; i <= n; i++)
		if (lines[i] != "")
			print ".B \"" lines[i] "\"" > file
	print ".fi\n.SH DESCRIPTION\n" line > file
	print ".SH RETURN VALUE" > file
	if (declaration ~ /^struct signd_error \*signd/)
		print "NULL when all went well; otherwise an error, freed with\n.BR signd_error_free (3)." > file
	else
		print "As described." > file
	print ".SH SEE ALSO\n.BR signctl (1),\n.BR signd (8)" > file
	close(file)
}
/^\/\*/ { comment = ""; inside = 1 }
inside {
	line = $0
	gsub(/\t/, " ", line)
	sub(/^ *\/?\*+\/? ?/, "", line)
	sub(/ *\*\/.*$/, "", line)
	comment = comment line "\n"
	if ($0 ~ /\*\//) inside = 0
	next
}
/^(struct signd_error \*|void |int |const char \*)signd_/ { declaration = ""; collecting = 1 }
collecting {
	declaration = declaration $0 "\n"
	if ($0 ~ /;/) { collecting = 0; flush_page() }
	next
}
