package registry;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hl7.fhir.dstu3.model.Appointment;
import org.hl7.fhir.dstu3.model.Appointment.AppointmentStatus;
import org.hl7.fhir.dstu3.model.Appointment.ParticipationStatus;
import org.hl7.fhir.dstu3.model.DateTimeType;
import org.hl7.fhir.dstu3.model.Identifier;
import org.hl7.fhir.dstu3.model.Identifier.IdentifierUse;
import org.hl7.fhir.dstu3.model.OperationOutcome;
import org.hl7.fhir.dstu3.model.OperationOutcome.IssueSeverity;
import org.hl7.fhir.dstu3.model.Reference;

/** Registers an appointment, finds it, reads it and cancels it. */
public final class RegistryClient {
  private RegistryClient() {}

  public static void main(String[] arguments) {
    String baseUrl = required("REGISTRY_BASE_URL").replaceFirst("/$", "");
    var endpoint = new TokenEndpoint(
        URI.create(required("REGISTRY_TOKEN_URL")),
        required("REGISTRY_CLIENT_ID"),
        required("REGISTRY_CLIENT_SECRET"));
    var registry = new Registry(baseUrl, endpoint.tokenFor(baseUrl));
    String patient = Optional.ofNullable(System.getenv("REGISTRY_NHS_NUMBER")).orElse("9990001111");

    Appointment appointment = tomorrow(patient);
    System.out.printf("validated: %d errors%n", errorsIn(registry.validate(appointment)));
    Appointment registered = registry.register(appointment);
    String id = registered.getIdElement().getIdPart();
    System.out.printf("registered %s, version %s%n", id, registered.getMeta().getVersionId());
    List<String> found = registry.search(patient).stream().map(each -> each.getIdElement().getIdPart()).toList();
    System.out.printf("found %d: %s%n", found.size(), String.join(", ", found));
    Appointment current = registry.read(id);
    System.out.printf("read %s, %s, version %s%n", id, current.getStatus().toCode(), current.getMeta().getVersionId());
    Appointment cancelled = registry.cancel(id);
    System.out.printf(
        "cancelled %s, %s, version %s%n", id, cancelled.getStatus().toCode(), cancelled.getMeta().getVersionId());
  }

  /** Give an appointment of tomorrow; the identifier points to it at the provider, where it was booked. */
  private static Appointment tomorrow(String patient) {
    Instant start = Instant.now().plus(Duration.ofDays(1));
    Identifier nhsNumber =
        new Identifier().setUse(IdentifierUse.OFFICIAL).setSystem(Registry.NHS_NUMBER).setValue(patient);
    Appointment appointment = new Appointment()
        .setStatus(AppointmentStatus.BOOKED)
        .setStart(Date.from(start))
        .setEnd(Date.from(start.plus(Duration.ofMinutes(10))))
        // A dateTime, but the registry wants it to the second and with a zone, as an instant has it; now() gives both.
        .setCreatedElement(DateTimeType.now());
    appointment.addIdentifier()
        .setSystem("urn:ietf:rfc:3986")
        .setValue("https://provider.example.test/appointments/" + UUID.randomUUID());
    appointment.addParticipant()
        .setActor(new Reference().setIdentifier(nhsNumber))
        .setStatus(ParticipationStatus.ACCEPTED);
    return appointment;
  }

  private static long errorsIn(OperationOutcome outcome) {
    return outcome.getIssue().stream()
        .filter(issue -> issue.getSeverity() == IssueSeverity.ERROR || issue.getSeverity() == IssueSeverity.FATAL)
        .count();
  }

  private static String required(String name) {
    return Optional.ofNullable(System.getenv(name))
        .orElseThrow(() -> new IllegalStateException(name + " is not set"));
  }
}
