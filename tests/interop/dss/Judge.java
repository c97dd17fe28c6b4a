/*
 * EU DSS, asked from the command line:
 *	Judge verify ANCHOR.pem FILE...      FILE<tab>INDICATION/SUB ... per file
 *	Judge sign P12 PASSWORD ANCHOR.pem IN OUT pades|xades|cades
 *	Judge sign P12 PASSWORD ANCHOR.pem IN OUT asics-xades|asice-cades|...
 */
import eu.europa.esig.dss.asic.cades.ASiCWithCAdESSignatureParameters;
import eu.europa.esig.dss.asic.cades.signature.ASiCWithCAdESService;
import eu.europa.esig.dss.asic.xades.ASiCWithXAdESSignatureParameters;
import eu.europa.esig.dss.asic.xades.signature.ASiCWithXAdESService;
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore.PasswordProtection;

public class Judge {
	static CommonCertificateVerifier trusting(String file) {
		CommonTrustedCertificateSource anchors =
		    new CommonTrustedCertificateSource();
		anchors.addCertificate(
		    DSSUtils.loadCertificate(new File(file)));
		CommonCertificateVerifier v = new CommonCertificateVerifier();
		v.setTrustedCertSources(anchors);
		v.setAIASource(null);
		return v;
	}

	/* DSS's own policy, but revocation data is not asked for. */
	static InputStream policy() throws IOException {
		try (InputStream in = Judge.class.getResourceAsStream(
			 "/policy/constraint.xml")) {
			String text = new String(
			    in.readAllBytes(), StandardCharsets.UTF_8);
			text = text.replaceAll(
			    "<(Revocation\\w+|AcceptableRevocationDataFound)" +
			    " Level=\"(FAIL|WARN)\"", "<$1 Level=\"IGNORE\"");
			return new ByteArrayInputStream(
			    text.getBytes(StandardCharsets.UTF_8));
		}
	}

	static String judge(String anchor, String file) {
		StringBuilder out = new StringBuilder(file + "\t");
		try {
			SignedDocumentValidator v =
			    SignedDocumentValidator.fromDocument(
				new FileDocument(file));
			v.setCertificateVerifier(trusting(anchor));
			SimpleReport r =
			    v.validateDocument(policy()).getSimpleReport();
			for (String id : r.getSignatureIdList())
				out.append(r.getIndication(id) + "/" +
				    r.getSubIndication(id) + "/" +
				    r.getSignatureFormat(id) + " ");
		} catch (Exception e) {
			out.append("ERROR " + e);
		}
		return out.toString();
	}

	static DSSDocument contain(CommonCertificateVerifier v,
	    Pkcs12SignatureToken token, DSSPrivateKeyEntry key, DSSDocument in,
	    String how) {
		ASiCContainerType type = how.startsWith("asics")
		    ? ASiCContainerType.ASiC_S : ASiCContainerType.ASiC_E;
		if (how.endsWith("xades")) {
			ASiCWithXAdESSignatureParameters p =
			    new ASiCWithXAdESSignatureParameters();
			p.setSignatureLevel(SignatureLevel.XAdES_BASELINE_B);
			p.setSigningCertificate(key.getCertificate());
			p.setCertificateChain(key.getCertificateChain());
			p.aSiC().setContainerType(type);
			ASiCWithXAdESService s = new ASiCWithXAdESService(v);
			return s.signDocument(in, p, token.sign(
			    s.getDataToSign(in, p), p.getDigestAlgorithm(), key));
		}
		ASiCWithCAdESSignatureParameters p =
		    new ASiCWithCAdESSignatureParameters();
		p.setSignatureLevel(SignatureLevel.CAdES_BASELINE_B);
		p.setSigningCertificate(key.getCertificate());
		p.setCertificateChain(key.getCertificateChain());
		p.aSiC().setContainerType(type);
		ASiCWithCAdESService s = new ASiCWithCAdESService(v);
		return s.signDocument(in, p, token.sign(
		    s.getDataToSign(in, p), p.getDigestAlgorithm(), key));
	}

	static void sign(String[] a) throws Exception {
		CommonCertificateVerifier v = trusting(a[3]);
		DSSDocument in = new FileDocument(a[4]), out;
		try (Pkcs12SignatureToken token = new Pkcs12SignatureToken(
			 a[1], new PasswordProtection(a[2].toCharArray()))) {
			DSSPrivateKeyEntry key = token.getKeys().get(0);
			CertificateToken cert = key.getCertificate();
			if (a[6].equals("pades")) {
				PAdESSignatureParameters p =
				    new PAdESSignatureParameters();
				p.setSignatureLevel(
				    SignatureLevel.PAdES_BASELINE_B);
				p.setDigestAlgorithm(DigestAlgorithm.SHA256);
				p.setSigningCertificate(cert);
				p.setCertificateChain(key.getCertificateChain());
				PAdESService s = new PAdESService(v);
				ToBeSigned t = s.getDataToSign(in, p);
				out = s.signDocument(in, p, token.sign(
				    t, p.getDigestAlgorithm(), key));
			} else if (a[6].equals("xades")) {
				XAdESSignatureParameters p =
				    new XAdESSignatureParameters();
				p.setSignatureLevel(
				    SignatureLevel.XAdES_BASELINE_B);
				p.setSignaturePackaging(
				    SignaturePackaging.ENVELOPED);
				p.setDigestAlgorithm(DigestAlgorithm.SHA256);
				p.setSigningCertificate(cert);
				p.setCertificateChain(key.getCertificateChain());
				XAdESService s = new XAdESService(v);
				ToBeSigned t = s.getDataToSign(in, p);
				out = s.signDocument(in, p, token.sign(
				    t, p.getDigestAlgorithm(), key));
			} else if (a[6].startsWith("asic")) {
				out = contain(v, token, key, in, a[6]);
			} else {
				CAdESSignatureParameters p =
				    new CAdESSignatureParameters();
				p.setSignatureLevel(
				    SignatureLevel.CAdES_BASELINE_B);
				p.setSignaturePackaging(
				    SignaturePackaging.ENVELOPING);
				p.setDigestAlgorithm(DigestAlgorithm.SHA256);
				p.setSigningCertificate(cert);
				p.setCertificateChain(key.getCertificateChain());
				CAdESService s = new CAdESService(v);
				ToBeSigned t = s.getDataToSign(in, p);
				out = s.signDocument(in, p, token.sign(
				    t, p.getDigestAlgorithm(), key));
			}
		}
		out.save(a[5]);
	}

	public static void main(String[] a) throws Exception {
		if (a[0].equals("sign")) {
			sign(a);
			return;
		}
		for (int i = 2; i < a.length; i++)
			System.out.println(judge(a[1], a[i]));
	}
}
