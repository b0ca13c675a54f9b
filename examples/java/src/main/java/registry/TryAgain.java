package registry;

import java.time.Duration;

/** What may be tried again, not before some time: a 5xx, a lost or broken answer, a 429, a version conflict. */
final class TryAgain extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Duration notBefore;

  TryAgain(String message, Duration notBefore, Throwable cause) {
    super(message, cause);
    this.notBefore = notBefore;
  }

  /** What Retry-After asked for; zero where it asked for nothing. */
  Duration notBefore() {
    return notBefore;
  }
}
