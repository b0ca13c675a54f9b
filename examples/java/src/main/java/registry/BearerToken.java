package registry;

import ca.uhn.fhir.rest.client.api.IClientInterceptor;
import ca.uhn.fhir.rest.client.api.IHttpRequest;
import ca.uhn.fhir.rest.client.api.IHttpResponse;
import java.time.Instant;

/** Sends the token with every request, and renews it in time. */
final class BearerToken implements IClientInterceptor {
  private final TokenEndpoint endpoint;
  private final String baseUrl;
  private TokenEndpoint.Token token;

  BearerToken(TokenEndpoint endpoint, String baseUrl) {
    this.endpoint = endpoint;
    this.baseUrl = baseUrl;
  }

  void renew() {
    token = endpoint.tokenFor(baseUrl);
  }

  @Override
  public void interceptRequest(IHttpRequest request) {
    if (token == null || !Instant.now().isBefore(token.end())) {
      renew();
    }
    request.addHeader("Authorization", "Bearer " + token.value());
  }

  @Override
  public void interceptResponse(IHttpResponse response) {
    // Nothing to do.
  }
}
