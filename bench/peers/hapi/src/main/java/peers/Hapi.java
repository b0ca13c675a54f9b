package peers;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.rest.server.HardcodedServerAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.common.hapi.validation.support.CachingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.dstu3.model.Appointment;
import org.hl7.fhir.dstu3.model.Bundle;

/** HAPI's plain server: PORT, and DEFINITIONS (a Bundle) where it shall validate what it is sent. */
public final class Hapi {
    private Hapi() {}

    public static void main(String[] arguments) throws Exception {
        FhirContext context = FhirContext.forDstu3();
        int port = Integer.parseInt(arguments[0]);
        RestfulServer fhir = new RestfulServer(context);
        fhir.setServerAddressStrategy(new HardcodedServerAddressStrategy("http://127.0.0.1:" + port + "/STU3"));
        fhir.registerProvider(new HashMapResourceProvider<>(context, Appointment.class));
        if (arguments.length > 1) {
            fhir.registerInterceptor(validating(context, Path.of(arguments[1])));
        }
        start(port, fhir);
    }

    private static RequestValidatingInterceptor validating(FhirContext context, Path definitions) throws IOException {
        PrePopulatedValidationSupport given = new PrePopulatedValidationSupport(context);
        Bundle bundle = context.newJsonParser().parseResource(Bundle.class, Files.readString(definitions));
        bundle.getEntry().forEach(entry -> given.addResource(entry.getResource()));
        ValidationSupportChain support = new ValidationSupportChain(
                given,
                new DefaultProfileValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context));
        FhirInstanceValidator module = new FhirInstanceValidator(new CachingValidationSupport(support));
        module.setAnyExtensionsAllowed(true);
        RequestValidatingInterceptor interceptor = new RequestValidatingInterceptor();
        interceptor.addValidatorModule(module);
        return interceptor;
    }

    private static void start(int port, RestfulServer fhir) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        ServletContextHandler root = new ServletContextHandler("/");
        root.addServlet(new ServletHolder(fhir), "/STU3/*");
        server.setHandler(root);
        server.start();
        server.join();
    }
}
