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

/** Does the operation that REGISTRY_VERB names; without it, registers an appointment, finds it, reads it and cancels it. */
public final class RegistryClient {
  private RegistryClient() {}

  public static void main(String[] arguments) {
    try {
      String baseUrl = required("REGISTRY_BASE_URL").replaceFirst("/$", "");
      var endpoint = new TokenEndpoint(
          URI.create(required("REGISTRY_TOKEN_URL")),
          required("REGISTRY_CLIENT_ID"),
          required("REGISTRY_CLIENT_SECRET"));
      perform(new Registry(baseUrl, endpoint), optional("REGISTRY_VERB").orElse(""));
    } catch (Failed failure) {
      System.err.println("failed: " + failure.getMessage());
      System.exit(1);
    }
  }

  private static void perform(Registry registry, String verb) {
    switch (verb) {
      case "register" -> show("registered",
          registry.register(tomorrow(required("REGISTRY_PATIENT"), required("REGISTRY_POINTER"))));
      case "search" -> showFound(registry.search(required("REGISTRY_PATIENT")));
      case "read" -> show("read", registry.read(required("REGISTRY_APPOINTMENT")));
      case "cancel" -> show("cancelled", registry.cancel(registry.read(required("REGISTRY_APPOINTMENT"))));
      case "" -> walkThrough(registry);
      default -> throw new Failed("REGISTRY_VERB is " + verb + "; expected register, search, read or cancel", null);
    }
  }

  private static void walkThrough(Registry registry) {
    String patient = optional("REGISTRY_PATIENT").orElse("9990001111");
    Appointment appointment = tomorrow(patient, "https://provider.example.test/appointments/" + UUID.randomUUID());
    System.out.printf("validated: %d errors%n", errorsIn(registry.validate(appointment)));
    Appointment registered = registry.register(appointment);
    show("registered", registered);
    showFound(registry.search(patient));
    Appointment current = registry.read(registered.getIdElement().getIdPart());
    show("read", current);
    show("cancelled", registry.cancel(current));
  }

  private static void show(String done, Appointment appointment) {
    System.out.printf("%s %s, %s, version %s%n", done, appointment.getIdElement().getIdPart(),
        appointment.getStatus().toCode(), appointment.getMeta().getVersionId());
  }

  private static void showFound(List<Appointment> appointments) {
    List<String> ids = appointments.stream().map(each -> each.getIdElement().getIdPart()).toList();
    System.out.printf("found %d: %s%n", ids.size(), String.join(", ", ids));
  }

  /** Give an appointment of tomorrow; the pointer leads to it at the provider, where it was booked. */
  private static Appointment tomorrow(String patient, String pointer) {
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
        .setValue(pointer);
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
    return optional(name).orElseThrow(() -> new Failed(name + " is not set", null));
  }

  private static Optional<String> optional(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty());
  }
}
