package registry;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.DataFormatException;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.exceptions.FhirClientConnectionException;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.TokenClientParam;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.hl7.fhir.dstu3.model.Appointment;
import org.hl7.fhir.dstu3.model.Appointment.AppointmentStatus;
import org.hl7.fhir.dstu3.model.Bundle;
import org.hl7.fhir.dstu3.model.OperationOutcome;

/**
 * A conversation with the registry that no fault of the network makes register an appointment twice.
 *
 * <p>It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no
 * answer or half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
 */
final class Registry {
  static final String NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number";
  private static final int TIMEOUT_MS = 10_000;
  private static final TokenClientParam PATIENT = new TokenClientParam("patient.identifier");

  private final IGenericClient client;

  /** A token is good for an hour; a program that runs longer asks for another in time. */
  Registry(String baseUrl, String token) {
    FhirContext stu3 = FhirContext.forDstu3();
    stu3.getRestfulClientFactory().setSocketTimeout(TIMEOUT_MS);
    client = stu3.newRestfulGenericClient(baseUrl);
    client.registerInterceptor(new BearerTokenAuthInterceptor(token));
  }

  /** Say what the registry would find wrong; nothing is stored. */
  OperationOutcome validate(Appointment appointment) {
    return ask("validate", () -> (OperationOutcome) client.validate().resource(appointment).execute().getOperationOutcome());
  }

  /** Register an appointment exactly once, and give what the registry holds. */
  Appointment register(Appointment appointment) {
    return Attempts.paced("register", attempt -> {
      // The answer to the first attempt was lost, perhaps not the registration: look for it.
      Optional<Appointment> known = attempt > 1 ? registered(appointment) : Optional.empty();
      return known.orElseGet(
          () -> answered(() -> (Appointment) client.create().resource(appointment).execute().getResource()));
    });
  }

  /** Give the appointments of a patient that are not past; the registry has no paging. */
  List<Appointment> search(String patient) {
    Bundle found = ask("search", () -> client.search()
        .forResource(Appointment.class)
        .where(PATIENT.exactly().systemAndIdentifier(NHS_NUMBER, patient))
        .returnBundle(Bundle.class)
        .execute());
    return found.getEntry().stream().map(entry -> (Appointment) entry.getResource()).toList();
  }

  /** Give the current version of an appointment. */
  Appointment read(String id) {
    return ask("read", () -> client.read().resource(Appointment.class).withId(id).execute());
  }

  /** Cancel a booked appointment, and give the cancelled version, whoever made it. */
  Appointment cancel(String id) {
    return Attempts.paced("cancel", attempt -> {
      // Read before each attempt: what an attempt without an answer did, and what others did, shows here.
      Appointment current = read(id);
      if (current.getStatus() != AppointmentStatus.BOOKED) {
        return current;
      }
      // All that was read goes back, only the status is another: that is all an update may change. The client makes
      // the If-Match from the version in the id that it read.
      current.setStatus(AppointmentStatus.CANCELLED);
      return answered(() -> (Appointment) client.update().resource(current).execute().getResource());
    });
  }

  private Optional<Appointment> registered(Appointment appointment) {
    String pointer = appointment.getIdentifierFirstRep().getValue();
    String patient = appointment.getParticipantFirstRep().getActor().getIdentifier().getValue();
    return search(patient).stream()
        .filter(each -> each.getIdentifierFirstRep().getValue().equals(pointer))
        .findFirst();
  }

  /** Ask until there is an answer: a question changes nothing, so it can simply be asked again. */
  private static <T> T ask(String what, Supplier<T> question) {
    return Attempts.paced(what, attempt -> answered(question));
  }

  /** Call the library, and tell what may be tried again, after a look, from what may not: a refusal stays as it is. */
  private static <T> T answered(Supplier<T> call) {
    try {
      return call.get();
    } catch (FhirClientConnectionException | DataFormatException error) {
      throw new TryAgain("unknown outcome: " + error.getMessage(), error);
    } catch (ResourceVersionConflictException error) {
      throw new TryAgain("somebody else was faster (409): read again", error);
    } catch (BaseServerResponseException error) {
      if (error.getStatusCode() >= 500) {
        throw new TryAgain("the registry failed: " + error.getStatusCode(), error);
      }
      throw error;
    }
  }
}
