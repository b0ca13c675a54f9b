package registry;

/** The operation failed for good: the registry refused it, or every attempt failed. The message says why. */
final class Failed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Failed(String message, Throwable cause) {
    super(message, cause);
  }
}
