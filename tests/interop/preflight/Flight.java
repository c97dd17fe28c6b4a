/* Preflight, asked from the command line: FILE<tab>yes|no CODES */
import java.io.File;
import org.apache.pdfbox.preflight.PreflightDocument;
import org.apache.pdfbox.preflight.ValidationResult;
import org.apache.pdfbox.preflight.exception.SyntaxValidationException;
import org.apache.pdfbox.preflight.parser.PreflightParser;

public class Flight {
	static ValidationResult validate(String file) throws Exception {
		try {
			PreflightParser p = new PreflightParser(new File(file));
			p.parse();
			try (PreflightDocument d = p.getPreflightDocument()) {
				d.validate();
				return d.getResult();
			}
		} catch (SyntaxValidationException e) {
			return e.getResult();
		}
	}

	static String judge(String file) {
		try {
			ValidationResult r = validate(file);
			StringBuilder out =
			    new StringBuilder(r.isValid() ? "yes" : "no");
			for (ValidationResult.ValidationError e : r.getErrorsList())
				out.append(" ").append(e.getErrorCode())
				    .append(" ").append(e.getDetails());
			return out.toString().replace('\n', ' ');
		} catch (Exception e) {
			return "ERROR " + e;
		}
	}

	public static void main(String[] a) {
		for (String file : a)
			System.out.println(file + "\t" + judge(file));
	}
}
