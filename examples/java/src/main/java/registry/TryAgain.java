package registry;

/** What may be tried again, once it is known how things stand: a 5xx, a lost answer, a version conflict. */
final class TryAgain extends RuntimeException {
  TryAgain(String message, Throwable cause) {
    super(message, cause);
  }
}
