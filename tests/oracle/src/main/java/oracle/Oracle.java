package oracle;

import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads one request a line from standard input, and writes one answer a line to standard output.
 *
 * <p>{@code {"validate": document, "profile": url}} is answered with {@code {"findings": [...]}}, where a finding has
 * severity, location (a FHIRPath), line, column and message. Without a profile the document is validated by the
 * definition of its type. {@code {"snapshot": url}} is answered with {@code {"resource": "..."}}: the
 * StructureDefinition of that URL, with the snapshot that HAPI generates.
 *
 * <p>The one argument is a Bundle of the definitions to validate by, in JSON.
 */
public final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final InstanceValidator validator;

    private Oracle(InstanceValidator validator) {
        this.validator = validator;
    }

    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // the libraries print, too
        Oracle oracle = new Oracle(new InstanceValidator(Path.of(arguments[0])));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(JSON.writeValueAsString(oracle.answer(JSON.readTree(line))));
        }
    }

    private ObjectNode answer(JsonNode request) {
        ObjectNode answer = JSON.createObjectNode();
        if (request.has("snapshot")) {
            return answer.put("resource", validator.withGeneratedSnapshot(request.get("snapshot").asText()));
        }
        String profile = request.has("profile") ? request.get("profile").asText() : null;
        write(validator.validate(request.get("validate").asText(), profile), answer.putArray("findings"));
        return answer;
    }

    private static void write(List<SingleValidationMessage> messages, ArrayNode findings) {
        for (SingleValidationMessage message : messages) {
            findings.addObject()
                    .put("severity", message.getSeverity().getCode())
                    .put("location", message.getLocationString())
                    .put("line", message.getLocationLine())
                    .put("column", message.getLocationCol())
                    .put("message", message.getMessage());
        }
    }
}
