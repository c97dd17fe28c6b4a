/*
 * EU DSS with given inputs, one line of standard input for each document:
 *	Beside judge CONSTRAINTS.xml     verdicts
 *	Beside tops                      certificates inside that paths end in
 *	Beside bench CONSTRAINTS.xml S   how many verdicts a second of one core, warm
 *
 * A line has, between tabs: NAME FILE SECONDS ANCHORS CERTS CRLS OCSPS DETACHED;
 * lists are separated by '|', DETACHED holds URI=FILE, '-' is nothing, SECONDS is
 * the time of validation.  judge prints NAME, KIND:INDICATION/SUB of every
 * signature (S) or, where there is none, time stamp (T), and the errors.
 */
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.model.x509.X500PrincipalHelper;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.pdf.modifications.DefaultPdfDifferencesFinder;
import eu.europa.esig.dss.pdf.pdfbox.PdfBoxDefaultObjectFactory;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;
import eu.europa.esig.dss.validation.AdvancedSignature;
import eu.europa.esig.dss.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.timestamp.TimestampToken;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

public class Beside {
	static byte[] constraints;

	static String[] list(String s) {
		return s.equals("-") ? new String[0] : s.split("\\|");
	}

	static void load(String[] files, CommonCertificateSource into) {
		for (String f : files)
			into.addCertificate(
			    DSSUtils.loadCertificate(new File(f)));
	}

	static DSSDocument document(String f) throws Exception {
		return new InMemoryDocument(
		    Files.readAllBytes(Path.of(f)), new File(f).getName());
	}

	static CommonCertificateVerifier verifier(String[] a) {
		CommonTrustedCertificateSource anchors =
		    new CommonTrustedCertificateSource();
		CommonCertificateSource more = new CommonCertificateSource();
		CommonCertificateVerifier v = new CommonCertificateVerifier();
		load(list(a[3]), anchors);
		load(list(a[4]), more);
		v.setTrustedCertSources(anchors);
		v.setAdjunctCertSources(more);
		v.setAIASource(null);
		if (list(a[5]).length > 0)
			v.setCrlSource(new ExternalResourcesCRLSource(
			    streams(list(a[5]))));
		if (list(a[6]).length > 0)
			v.setOcspSource(new ExternalResourcesOCSPSource(
			    streams(list(a[6]))));
		return v;
	}

	static InputStream[] streams(String[] files) {
		InputStream[] out = new InputStream[files.length];
		for (int i = 0; i < files.length; i++)
			out[i] = new FileDocument(files[i]).openStream();
		return out;
	}

	/* Drawing all pages takes longest, and is but a warning to DSS. */
	static void drawNothing(SignedDocumentValidator v) {
		if (!(v instanceof PDFDocumentValidator))
			return;
		DefaultPdfDifferencesFinder f = new DefaultPdfDifferencesFinder();
		PdfBoxDefaultObjectFactory pdf = new PdfBoxDefaultObjectFactory();
		f.setMaximalPagesAmountForVisualComparison(0);
		pdf.setPdfDifferencesFinder(f);
		((PDFDocumentValidator)v).setPdfObjFactory(pdf);
	}

	static SignedDocumentValidator open(String[] a) throws Exception {
		SignedDocumentValidator v =
		    SignedDocumentValidator.fromDocument(document(a[1]));
		List<DSSDocument> detached = new ArrayList<>();
		for (String pair : list(a[7])) {
			int at = pair.lastIndexOf('=');
			DSSDocument d = document(pair.substring(at + 1));
			if (at > 0)
				d.setName(pair.substring(0, at));
			detached.add(d);
		}
		drawNothing(v);
		v.setDetachedContents(detached);
		v.setCertificateVerifier(verifier(a));
		if (!a[2].equals("-"))
			v.setValidationTime(
			    new Date(Long.parseLong(a[2]) * 1000));
		return v;
	}

	static SimpleReport report(String[] a) throws Exception {
		return open(a)
		    .validateDocument(new ByteArrayInputStream(constraints))
		    .getSimpleReport();
	}

	static String told(SimpleReport r, String kind, List<String> ids) {
		StringBuilder verdicts = new StringBuilder();
		StringBuilder errors = new StringBuilder();
		for (String id : ids) {
			verdicts.append(kind + ":" + r.getIndication(id) + "/" +
			    r.getSubIndication(id) + " ");
			r.getAdESValidationErrors(id).forEach(
			    m -> errors.append(m.getValue() + "; "));
		}
		return verdicts + "\t" + errors.toString().replaceAll("\\s+", " ");
	}

	static String judge(String[] a) throws Exception {
		SimpleReport r = report(a);
		if (!r.getSignatureIdList().isEmpty())
			return told(r, "S", r.getSignatureIdList());
		return told(r, "T", r.getTimestampIdList());
	}

	static boolean issued(CertificateToken by, CertificateToken c) {
		return by != c &&
		    by.getSubject().equals(new X500PrincipalHelper(
			c.getIssuerX500Principal()));
	}

	/* What a path of this document may end in: authorities that nobody here
	 * issued.  DSS looks at nothing of a signer who is an anchor. */
	static boolean isTop(CertificateToken c, Set<CertificateToken> all) {
		boolean authority = c.isCA(), below = false;
		for (CertificateToken i : all) {
			authority = authority || issued(c, i);
			below = below || issued(i, c);
		}
		return authority && (c.isSelfSigned() || !below);
	}

	static String tops(String[] a) throws Exception {
		Set<CertificateToken> all = new LinkedHashSet<>();
		SignedDocumentValidator v = open(a);
		for (AdvancedSignature s : v.getSignatures())
			all.addAll(s.getCompleteCertificateSource()
				       .getAllCertificateTokens());
		for (TimestampToken t : v.getDetachedTimestamps())
			all.addAll(t.getCertificates());
		StringBuilder out = new StringBuilder();
		for (CertificateToken c : all)
			if (isTop(c, all))
				out.append(Base64.getEncoder().encodeToString(
				    c.getEncoded()) + "|");
		return out.toString();
	}

	interface Work {
		String of(String[] a) throws Exception;
	}

	static List<String[]> lines() throws Exception {
		List<String[]> out = new ArrayList<>();
		BufferedReader in = new BufferedReader(
		    new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String s; (s = in.readLine()) != null;)
			out.add(s.split("\t"));
		return out;
	}

	static void each(Work w) throws Exception {
		for (String[] a : lines()) {
			String said;
			try {
				said = w.of(a);
			} catch (Throwable e) {
				said = "ERROR\t" + e.toString().replaceAll("\\s+", " ");
			}
			System.out.println(a[0] + "\t" + said);
		}
	}

	/* Verdicts for each second of processor time of this thread, which other work
	 * on the machine changes less than seconds of the clock; collecting garbage
	 * and compiling is done by others.  The first fifth only warms up. */
	static void bench(double seconds) throws Exception {
		ThreadMXBean cpu = ManagementFactory.getThreadMXBean();
		for (String[] a : lines()) {
			long warm = cpu.getCurrentThreadCpuTime() +
			    (long)(seconds * 2e8);
			while (cpu.getCurrentThreadCpuTime() < warm)
				report(a);
			long begin = cpu.getCurrentThreadCpuTime(), n = 0, now;
			do {
				String said = judge(a);
				if (!said.contains("TOTAL_PASSED"))
					throw new Exception(said);
				n++;
				now = cpu.getCurrentThreadCpuTime();
			} while (now - begin < (long)(seconds * 8e8));
			System.out.println(a[0] + "\t" + n * 1e9 / (now - begin));
		}
	}

	public static void main(String[] a) throws Exception {
		if (a.length > 1)
			constraints = Files.readAllBytes(Path.of(a[1]));
		if (a[0].equals("judge"))
			each(Beside::judge);
		else if (a[0].equals("tops"))
			each(Beside::tops);
		else
			bench(Double.parseDouble(a[2]));
	}
}
