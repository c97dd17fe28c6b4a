# packaging/: systemd unit, users, directories, default settings.
systemdsystemunit_DATA = %D%/signd.service
dist_sysusers_DATA = %D%/sysusers/signd.conf
dist_tmpfiles_DATA = %D%/tmpfiles/signd.conf
EXTRA_DIST += %D%/signd.service.in
CLEANFILES += %D%/signd.service %D%/signd.conf

# Settings of an administrator are left alone.
%D%/signd.conf: signd/signd
	$(AM_V_GEN)$(MKDIR_P) packaging && \
	  signd/signd --sample-config >$@.tmp && mv $@.tmp $@
all-local: %D%/signd.conf
install-data-local: %D%/signd.conf
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/signd'
	test -e '$(DESTDIR)$(sysconfdir)/signd/signd.conf' || $(INSTALL_DATA) \
	  packaging/signd.conf '$(DESTDIR)$(sysconfdir)/signd/signd.conf'
uninstall-local:
	cmp -s packaging/signd.conf '$(DESTDIR)$(sysconfdir)/signd/signd.conf' && \
	  rm -f '$(DESTDIR)$(sysconfdir)/signd/signd.conf' || :

%D%/signd.service: %D%/signd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && sed -e 's,[@]sbindir[@],$(sbindir),g' \
	  -e 's,[@]sysconfdir[@],$(sysconfdir),g' \
	  $(top_srcdir)/packaging/signd.service.in >$@.tmp && mv $@.tmp $@
