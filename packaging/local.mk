# packaging/: systemd unit, users, directories, default settings.
systemdsystemunit_DATA = %D%/signd.service
dist_sysusers_DATA = %D%/sysusers/signd.conf
dist_tmpfiles_DATA = %D%/tmpfiles/signd.conf
EXTRA_DIST += %D%/signd.service.in
CLEANFILES += %D%/signd.service

# Settings of an administrator are left alone.
install-data-local: signd/signd.conf.sample
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/signd'
	test -e '$(DESTDIR)$(sysconfdir)/signd/signd.conf' || $(INSTALL_DATA) \
	  signd/signd.conf.sample '$(DESTDIR)$(sysconfdir)/signd/signd.conf'
uninstall-local:
	cmp -s signd/signd.conf.sample '$(DESTDIR)$(sysconfdir)/signd/signd.conf' && \
	  rm -f '$(DESTDIR)$(sysconfdir)/signd/signd.conf' || :

%D%/signd.service: %D%/signd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && sed -e 's,[@]sbindir[@],$(sbindir),g' \
	  -e 's,[@]sysconfdir[@],$(sysconfdir),g' \
	  $(top_srcdir)/packaging/signd.service.in >$@.tmp && mv $@.tmp $@
