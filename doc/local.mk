# doc/: what the program is and why; manual pages.
man_MANS += %D%/signctl.1

dist_doc_DATA = README.md CHANGELOG.md
dist_doc_DATA += %D%/api.md
dist_doc_DATA += %D%/architecture.md
dist_doc_DATA += %D%/asic.md
dist_doc_DATA += %D%/circular-15.md
dist_doc_DATA += %D%/cms.md
dist_doc_DATA += %D%/conformance.md
dist_doc_DATA += %D%/identity.md
dist_doc_DATA += %D%/keys.md %D%/keys-detail.md
dist_doc_DATA += %D%/paths.md
dist_doc_DATA += %D%/pdf.md
dist_doc_DATA += %D%/pdf-verify.md
dist_doc_DATA += %D%/policies.md
dist_doc_DATA += %D%/policy.schema.json
dist_doc_DATA += %D%/profiles.md
dist_doc_DATA += %D%/protocol.md
dist_doc_DATA += %D%/report.schema.json
dist_doc_DATA += %D%/threat-model.md
dist_doc_DATA += %D%/tokens.md
dist_doc_DATA += %D%/trust.md
dist_doc_DATA += %D%/trust-list.schema.json
dist_doc_DATA += %D%/validation.md
dist_doc_DATA += %D%/xml.md
EXTRA_DIST += CONTRIBUTING.md LICENSE %D%/signctl.1 %D%/clerk.py
