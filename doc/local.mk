# doc/: what the program is and why; manual pages.
man_MANS += %D%/signctl.1
dist_doc_DATA = README.md CHANGELOG.md %D%/api.md %D%/architecture.md \
	%D%/cms.md %D%/pdf.md %D%/policies.md %D%/profiles.md %D%/protocol.md \
	%D%/report.schema.json %D%/threat-model.md %D%/xml.md
EXTRA_DIST += CONTRIBUTING.md LICENSE %D%/settings.md %D%/signctl.1
