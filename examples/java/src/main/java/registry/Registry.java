package registry;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.DataFormatException;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.exceptions.FhirClientConnectionException;
import ca.uhn.fhir.rest.gclient.IClientExecutable;
import ca.uhn.fhir.rest.gclient.TokenClientParam;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.ForbiddenOperationException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.impl.client.HttpClients;
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
  private final BearerToken token;
  private final LastAnswer answer = new LastAnswer();

  Registry(String baseUrl, TokenEndpoint endpoint) {
    token = new BearerToken(endpoint, baseUrl);
    FhirContext stu3 = FhirContext.forDstu3();
    // The HTTP library would repeat a GET by itself, three times and without a pause, when the connection breaks.
    var timeouts = RequestConfig.custom().setConnectTimeout(TIMEOUT_MS).setSocketTimeout(TIMEOUT_MS).build();
    stu3.getRestfulClientFactory()
        .setHttpClient(HttpClients.custom().disableAutomaticRetries().setDefaultRequestConfig(timeouts).build());
    client = stu3.newRestfulGenericClient(baseUrl);
    client.registerInterceptor(token);
    client.registerInterceptor(answer);
  }

  /** Say what the registry would find wrong; nothing is stored. */
  OperationOutcome validate(Appointment appointment) {
    return ask("validate", requestId -> (OperationOutcome)
        named(requestId, client.validate().resource(appointment)).execute().getOperationOutcome());
  }

  /** Register an appointment exactly once, and give what the registry holds. */
  Appointment register(Appointment appointment) {
    String requestId = newRequestId();
    return Attempts.persist("register", attempt -> {
      // The answer to an earlier attempt was lost, perhaps not the registration: look for it.
      Optional<Appointment> known = attempt > 1 ? registered(appointment) : Optional.empty();
      return known.orElseGet(() -> answered(() ->
          (Appointment) named(requestId, client.create().resource(appointment)).execute().getResource()));
    });
  }

  /** Give the appointments of a patient that are not past; the registry has no paging. */
  List<Appointment> search(String patient) {
    Bundle found = ask("search", requestId -> named(requestId, client.search()
        .forResource(Appointment.class)
        .where(PATIENT.exactly().systemAndIdentifier(NHS_NUMBER, patient))
        .returnBundle(Bundle.class)).execute());
    return found.getEntry().stream().map(entry -> (Appointment) entry.getResource()).toList();
  }

  /** Give the current version of an appointment. */
  Appointment read(String id) {
    return ask("read", requestId ->
        named(requestId, client.read().resource(Appointment.class).withId(id)).execute());
  }

  /** Cancel a booked appointment as it was read, and give the cancelled version, whoever made it. */
  Appointment cancel(Appointment appointment) {
    Map<String, String> requestIds = new HashMap<>();
    String id = appointment.getIdElement().getIdPart();
    return Attempts.persist("cancel", attempt -> {
      // What an attempt without an answer did, and what others did, shows when it is read again.
      Appointment current = attempt == 1 ? appointment : read(id);
      if (current.getStatus() == AppointmentStatus.CANCELLED) {
        return current;
      }
      // The same version is sent again in the same request; another version makes another request.
      String requestId = requestIds.computeIfAbsent(current.getMeta().getVersionId(), version -> newRequestId());
      // All that was read goes back, only the status is another: that is all an update may change. The client makes
      // the If-Match from the version in the id that it read.
      Appointment cancelled = current.copy().setStatus(AppointmentStatus.CANCELLED);
      return answered(() -> (Appointment) named(requestId, client.update().resource(cancelled)).execute().getResource());
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
  private <T> T ask(String what, Function<String, T> question) {
    String requestId = newRequestId();
    return Attempts.persist(what, attempt -> answered(() -> question.apply(requestId)));
  }

  /** Call the library; after a 403 once more, with a new token: the old one may have ended before its time. */
  private <T> T answered(Supplier<T> call) {
    try {
      return settled(call);
    } catch (Failed refused) {
      if (!(refused.getCause() instanceof ForbiddenOperationException)) {
        throw refused;
      }
    }
    token.renew();
    return settled(call);
  }

  /** Tell what may be tried again, after a look, from what may not. */
  private <T> T settled(Supplier<T> call) {
    try {
      return call.get();
    } catch (FhirClientConnectionException | DataFormatException error) {
      throw new TryAgain("no answer, or half of one: " + rootOf(error).getMessage(), Duration.ZERO, error);
    } catch (ResourceVersionConflictException error) {
      throw new TryAgain("somebody else was faster (409): read again", Duration.ZERO, error);
    } catch (BaseServerResponseException error) {
      int status = error.getStatusCode();
      if (status >= 500 || status == 429) {
        throw new TryAgain("the registry answered " + status, answer.retryAfter(), error);
      }
      throw new Failed("the registry refused with " + status + " " + told(error), error);
    }
  }

  /** The library's own message quotes the URL, which may name a patient: that is not for a log. */
  private static Throwable rootOf(Throwable error) {
    return error.getCause() == null ? error : rootOf(error.getCause());
  }

  private static String told(BaseServerResponseException error) {
    return error.getOperationOutcome() instanceof OperationOutcome outcome
        ? String.join(" ", outcome.getIssue().stream().map(issue -> issue.getDiagnostics()).toList())
        : error.getMessage();
  }

  /** X-Request-Id names one request in the logs of both sides; a retry keeps it. */
  private static <C extends IClientExecutable<C, ?>> C named(String requestId, C call) {
    return call.withAdditionalHeader("X-Request-Id", requestId);
  }

  private static String newRequestId() {
    return UUID.randomUUID().toString();
  }
}
