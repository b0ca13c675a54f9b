package oracle;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hl7.fhir.common.hapi.validation.support.CachingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.dstu3.model.Bundle;
import org.hl7.fhir.dstu3.model.StructureDefinition;

/** HAPI's instance validator for STU3: offline, by the definitions given and, beneath them, HL7's own. */
final class InstanceValidator {
    private final FhirContext context = FhirContext.forDstu3();
    private final ValidationSupportChain support;
    private FhirValidator validator;

    InstanceValidator(Path definitions) throws IOException {
        PrePopulatedValidationSupport given = new PrePopulatedValidationSupport(context);
        Bundle bundle = context.newJsonParser().parseResource(Bundle.class, Files.readString(definitions));
        bundle.getEntry().forEach(entry -> given.addResource(entry.getResource()));
        support = new ValidationSupportChain(
                given,
                new DefaultProfileValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new SnapshotGeneratingValidationSupport(context));
        validator = made();
    }

    private FhirValidator made() {
        FhirInstanceValidator module = new FhirInstanceValidator(new CachingValidationSupport(support));
        // An extension that nobody defined is allowed by FHIR, and told as information.
        module.setAnyExtensionsAllowed(true);
        module.setErrorForUnknownProfiles(false);
        return context.newValidator().registerValidatorModule(module);
    }

    List<SingleValidationMessage> validate(String document, String profile) {
        ValidationOptions options = new ValidationOptions();
        if (profile != null) {
            options.addProfile(profile);
        }
        try {
            return validator.validateWithResult(document, options).getMessages();
        } catch (VirtualMachineError error) {
            throw error;
        } catch (RuntimeException | Error error) { // a document may make the validator itself fail: it throws even Error
            // ... and may leave it unable to resolve any reference from then on.
            validator = made();
            SingleValidationMessage message = new SingleValidationMessage();
            message.setSeverity(ResultSeverityEnum.FATAL);
            message.setMessage("HAPI failed: " + error);
            return List.of(message);
        }
    }

    /** Returns a StructureDefinition as JSON, its snapshot made by HAPI from the differential. */
    String withGeneratedSnapshot(String url) {
        StructureDefinition definition = ((StructureDefinition) support.fetchStructureDefinition(url)).copy();
        definition.setSnapshot(null);
        ValidationSupportContext within = new ValidationSupportContext(support);
        return context.newJsonParser().encodeResourceToString(support.generateSnapshot(within, definition, url, null, null));
    }
}
