/* veraPDF, asked from the command line: FILE<tab>FLAVOUR<tab>yes|no RULES */
import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class Vera {
	static String judge(String file) {
		try (PDFAParser p = Foundries.defaultInstance().createParser(
			 new FileInputStream(file))) {
			PDFAValidator v =
			    Foundries.defaultInstance().createValidator(
				p.getFlavour(), false);
			ValidationResult r = v.validate(p);
			StringBuilder out = new StringBuilder();
			out.append(p.getFlavour()).append('\t');
			out.append(r.isCompliant() ? "yes" : "no");
			for (TestAssertion t : r.getTestAssertions())
				if (t.getStatus() == TestAssertion.Status.FAILED)
					out.append(" " + t.getRuleId().getClause());
			return out.toString();
		} catch (Exception e) {
			return "?\tERROR " + e;
		}
	}

	public static void main(String[] a) {
		VeraGreenfieldFoundryProvider.initialise();
		for (String file : a)
			System.out.println(file + "\t" + judge(file));
	}
}
