//! Which machine to compile for, and with which settings.

use crate::Options;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

pub fn isa(options: &Options) -> OwnedTargetIsa {
    let mut flags = settings::builder();
    let mut set = |name: &str, value: &str| flags.set(name, value).expect("bug! a setting of Cranelift has gone");
    set("opt_level", if options.opt { "speed" } else { "none" });
    set("enable_verifier", if options.verify { "true" } else { "false" });
    // Panics find their place in the text by walking frames; tail calls need it too.
    set("preserve_frame_pointers", "true");
    set("enable_pinned_reg", "true");
    set("unwind_info", "false");
    // Code and data are placed by us at fixed distances; everything else goes through the table of imports.
    set("is_pic", "true");
    set("enable_probestack", "false");
    set("enable_heap_access_spectre_mitigation", "false");
    set("enable_table_access_spectre_mitigation", "false");
    // See `lines`.
    set("machine_code_cfg_info", if options.opt { "true" } else { "false" });
    let builder = cranelift_native::builder_with_options(options.native);
    let mut builder = builder.unwrap_or_else(|error| panic!("this machine cannot run Aurora: {error}"));
    if !options.native && cfg!(target_arch = "x86_64") {
        // x86-64-v2: without it rounding and counting bits would be calls.
        for feature in ["has_sse3", "has_ssse3", "has_cmpxchg16b", "has_sse41", "has_sse42", "has_popcnt"] {
            builder.enable(feature).expect("bug! a feature of Cranelift has gone");
        }
    }
    builder.finish(settings::Flags::new(flags)).unwrap_or_else(|error| panic!("bug! contradicting settings: {error}"))
}
