/* Signs an invoice as Java's own XMLDSig does: Invoice P12 ALG OUT <invoice.
 * The signature stands in <NBan>, over #data and the time in its Object. */
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

public class Invoice {
	static final String PLAIN = CanonicalizationMethod.INCLUSIVE;

	static String method(String alg) {
		switch (alg) {
		case "sha1":
			return "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
		case "pss":
			return "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
		default:
			return "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
		}
	}

	static XMLObject time(XMLSignatureFactory f, Document doc) {
		Element all = doc.createElement("SignatureProperties");
		Element one = doc.createElement("SignatureProperty");
		Element when = doc.createElement("SigningTime");
		one.setAttribute("Target", "#NBan");
		when.setTextContent("2026-11-20T08:30:00");
		one.appendChild(when);
		all.appendChild(one);
		return f.newXMLObject(List.of(new DOMStructure(all)),
		    "SigningTime", null, null);
	}

	static Reference reference(XMLSignatureFactory f, String uri,
	    List<Transform> transforms, String digest) throws Exception {
		return f.newReference(uri, f.newDigestMethod(digest, null),
		    transforms, null, null);
	}

	public static void main(String[] a) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(new FileInputStream(a[0]), "x".toCharArray());
		String name = store.aliases().nextElement();
		PrivateKey key = (PrivateKey) store.getKey(name, "x".toCharArray());
		X509Certificate cert = (X509Certificate) store.getCertificate(name);
		DocumentBuilderFactory d = DocumentBuilderFactory.newInstance();
		d.setNamespaceAware(true);
		Document doc = d.newDocumentBuilder().parse(System.in);
		((Element) doc.getElementsByTagName("DLHDon").item(0))
		    .setIdAttribute("Id", true);
		XMLSignatureFactory f = XMLSignatureFactory.getInstance("DOM");
		String digest = "http://www.w3.org/" + (a[1].equals("sha1")
		    ? "2000/09/xmldsig#sha1" : "2001/04/xmlenc#sha256");
		SignedInfo info = f.newSignedInfo(
		    f.newCanonicalizationMethod(PLAIN, (C14NMethodParameterSpec) null),
		    f.newSignatureMethod(method(a[1]), null),
		    List.of(reference(f, "#data", List.of(f.newTransform(
				Transform.ENVELOPED, (TransformParameterSpec) null)),
				digest),
			reference(f, "#SigningTime", null, digest)));
		KeyInfoFactory k = f.getKeyInfoFactory();
		KeyInfo who = k.newKeyInfo(List.of(k.newX509Data(List.of(
		    cert.getSubjectX500Principal().getName(), cert))));
		Element place = (Element) ((Element) doc.getElementsByTagName(
		    "DSCKS").item(0)).getElementsByTagName("NBan").item(0);
		f.newXMLSignature(info, who, List.of(time(f, doc)), "NBan", null)
		    .sign(new DOMSignContext(key, place));
		TransformerFactory.newInstance().newTransformer().transform(
		    new DOMSource(doc), new StreamResult(new FileOutputStream(a[2])));
	}
}
