package registry;

import ca.uhn.fhir.rest.client.api.IClientInterceptor;
import ca.uhn.fhir.rest.client.api.IHttpRequest;
import ca.uhn.fhir.rest.client.api.IHttpResponse;
import java.time.Duration;

/** Remembers what the last answer asked for by Retry-After: the client's exceptions do not have its headers. */
final class LastAnswer implements IClientInterceptor {
  private Duration retryAfter = Duration.ZERO;

  Duration retryAfter() {
    return retryAfter;
  }

  @Override
  public void interceptRequest(IHttpRequest request) {
    retryAfter = Duration.ZERO;
  }

  @Override
  public void interceptResponse(IHttpResponse response) {
    retryAfter = RetryAfter.of(response.getHeaders("Retry-After").stream().findFirst().orElse(null));
  }
}
