package dev.lull.perf;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The structure {@code CONTRIBUTING.md} describes. */
class ArchitectureTest {
    private static final JavaClasses LULL = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.lull");

    @Test
    void dependenciesPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("kvm-bindings")
                .definedBy("dev.lull.linux..", "dev.lull.kvm..", "dev.lull.idle..", "dev.lull.vfio..")
                .layer("device-model")
                .definedBy("dev.lull.device..")
                .layer("paravirt")
                .definedBy("dev.lull.paravirt..")
                .layer("java-agent")
                .definedBy("dev.lull.agent..")
                .layer("perf")
                .definedBy("dev.lull.perf..")
                .whereLayer("perf")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("java-agent")
                .mayOnlyBeAccessedByLayers("perf")
                .whereLayer("paravirt")
                .mayOnlyBeAccessedByLayers("java-agent", "perf")
                .whereLayer("device-model")
                .mayOnlyBeAccessedByLayers("paravirt", "java-agent", "perf")
                .check(LULL);
    }

    @Test
    void devicesDoNotKnowKvm() {
        noClasses()
                .that()
                .resideInAPackage("dev.lull.device..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.lull.kvm..")
                .check(LULL);
    }

    @Test
    void onlyTheBindingsLinkNativeFunctions() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.lull.linux..", "dev.lull.kvm..", "dev.lull.idle..", "dev.lull.vfio..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
                .check(LULL);
        noMethods()
                .that()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackages(
                        "dev.lull.linux..", "dev.lull.kvm..", "dev.lull.idle..", "dev.lull.vfio..", "dev.lull.perf..")
                .should()
                .haveModifier(JavaModifier.NATIVE)
                .check(LULL);
    }

    @Test
    void onlyMeasurementsUseJna() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.lull.perf..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(LULL);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.lull.(*)..").should().beFreeOfCycles().check(LULL);
        slices().matching("dev.lull.agent.(*)..").should().beFreeOfCycles().check(LULL);
        slices().matching("dev.lull.device.(*)..").should().beFreeOfCycles().check(LULL);
    }
}
