//! What a body may set when it adopts a service document, and nothing else: parameters of its own steps within their
//! types, and the delegations that decide there.
//!
//! Always true: what [`faults`] finds counts nowhere. The one who adopts is refused before anything is signed, and whoever
//! reads an adoption that was signed all the same leaves it out; so no body can set another body's fee, go beyond the bounds
//! of the document, or set what the law sets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Adoption, BodyKind};
use crate::check::federation::parameters_of;
use crate::check::types::fits;
use crate::fact::{Name, Value};
use crate::pack::{Decider, Pack, Parameter, ParameterDefault, ParameterType, SetBy};
use crate::rules::Delegation;

/// What may be set for each step: worked out once for a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settable {
    /// Parameters with a value that the step reads, through rules and letters too.
    parameters: BTreeMap<Name, BTreeSet<Name>>,
    /// Delegations under which its outcomes are decided.
    delegations: BTreeMap<Name, BTreeSet<Name>>,
}

impl Settable {
    pub fn of(pack: &Pack) -> Self {
        let mut settable = Self::default();
        for step in &pack.steps {
            let read = parameters_of(pack, step)
                .into_iter()
                .filter(|parameter| matches!(parameter.ty.it, ParameterType::Value(_)))
                .map(|parameter| parameter.name.it.clone());
            let by = pack
                .outcomes_of(&step.name.it)
                .filter_map(|outcome| match &outcome.decider.it {
                    Decider::Automatic { delegation, .. } | Decider::Delegate { delegation, .. } => {
                        Some(delegation.clone())
                    }
                    _ => None,
                });
            settable.parameters.insert(step.name.it.clone(), read.collect());
            settable.delegations.insert(step.name.it.clone(), by.collect());
        }
        settable
    }

    fn has_parameter(&self, steps: &[Name], name: &Name) -> bool {
        steps
            .iter()
            .any(|step| self.parameters.get(step).is_some_and(|names| names.contains(name)))
    }

    fn has_delegation(&self, steps: &[Name], name: &Name) -> bool {
        steps
            .iter()
            .any(|step| self.delegations.get(step).is_some_and(|names| names.contains(name)))
    }
}

/// Why the adoption does not count, in Swedish, each with what is allowed. `kind` is what the federation says the body is.
pub fn faults(pack: &Pack, settable: &Settable, adoption: &Adoption, kind: BodyKind) -> Vec<String> {
    let mut found = Vec::new();
    let (slug, version) = (&pack.meta.slug.it, pack.meta.version.it);
    if adoption.pack != *slug || adoption.version != version {
        found.push(format!(
            "Antagandet gäller {} {}, inte {slug} {version}.",
            adoption.pack, adoption.version
        ));
    }
    for step in &adoption.steps {
        if pack.step(step).is_none() {
            let steps: Vec<&str> = pack.steps.iter().map(|step| step.name.it.as_str()).collect();
            found.push(format!(
                "Steget {step} finns inte i dokumentet. Stegen är {}.",
                steps.join(", ")
            ));
        }
    }
    for (name, values) in &adoption.parameters {
        let Some(parameter) = pack.parameter(name) else {
            found.push(format!("Parametern {name} finns inte i dokumentet."));
            continue;
        };
        if !settable.has_parameter(&adoption.steps, name) {
            found.push(format!("Parametern {name} hör inte till de egna stegen."));
        }
        if let Some(why) = not_theirs(parameter, kind) {
            found.push(why);
        }
        let ParameterType::Value(ty) = &parameter.ty.it else {
            found.push(format!("{name} är en delegation, inte ett värde."));
            continue;
        };
        if values.is_empty() || values.iter().any(|(_, value)| !fits(value, ty)) {
            found.push(format!(
                "Värdet av {name} ligger utanför det som dokumentet tillåter: {ty}."
            ));
        }
        if !values.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            found.push(format!("Värdena av {name} ska stå i tidsföljd, med en dag vardera."));
        }
    }
    for (name, delegation) in &adoption.delegations {
        let is_one = pack
            .parameter(name)
            .is_some_and(|parameter| parameter.ty.it == ParameterType::Delegation);
        if !is_one {
            found.push(format!("Delegationen {name} finns inte i dokumentet."));
        } else if !settable.has_delegation(&adoption.steps, name) {
            found.push(format!("Delegationen {name} hör inte till de egna stegen."));
        }
        let parts = [
            &delegation.decided_by,
            &delegation.paragraph,
            &delegation.scope,
            &delegation.to,
        ];
        if parts.iter().any(|part| part.trim().is_empty()) {
            found.push(format!(
                "Delegationen {name} ska ange beslutsfattare, dag, paragraf, omfattning och mottagare."
            ));
        }
    }
    found
}

/// What must be set before the steps can be served and is not.
pub fn lacking(pack: &Pack, settable: &Settable, adoption: &Adoption) -> Vec<String> {
    let must = pack.parameters.iter().filter(|parameter| {
        matches!(parameter.default.it, ParameterDefault::None)
            && settable.has_parameter(&adoption.steps, &parameter.name.it)
            && adoption.parameters.get(&parameter.name.it).is_none_or(Vec::is_empty)
    });
    must.map(|parameter| {
        format!(
            "{} har ingen standard i dokumentet och måste sättas: {}",
            parameter.name.it,
            described(parameter)
        )
    })
    .collect()
}

/// What the body may set for its steps, one line each.
pub fn allowed(pack: &Pack, settable: &Settable, steps: &[Name]) -> Vec<String> {
    let mine = pack.parameters.iter().filter(|parameter| match parameter.ty.it {
        ParameterType::Value(_) => settable.has_parameter(steps, &parameter.name.it),
        ParameterType::Delegation => settable.has_delegation(steps, &parameter.name.it),
    });
    mine.map(described).collect()
}

/// `taxa.lbe: kr 0–50 000, sätts av fullmäktige`
fn described(parameter: &Parameter) -> String {
    let by = match parameter.set_by.it {
        SetBy::Law => "sätts av lagen, inte av den som antar",
        SetBy::Council => "sätts av fullmäktige",
        SetBy::Board => "sätts av nämnden",
        SetBy::Agency => "sätts av myndigheten",
    };
    match &parameter.ty.it {
        ParameterType::Value(ty) => format!("{}: {ty}, {by}", parameter.name.it),
        ParameterType::Delegation => format!("{}: delegation, {by}", parameter.name.it),
    }
}

/// Why a body of this kind may not set the parameter.
fn not_theirs(parameter: &Parameter, kind: BodyKind) -> Option<String> {
    let name = &parameter.name.it;
    let municipal = matches!(kind, BodyKind::MunicipalBoard | BodyKind::MunicipalAssociation);
    match parameter.set_by.it {
        SetBy::Law => Some(format!(
            "{name} sätts av lagen och står i dokumentet. Ett nytt värde kommer med en ny version."
        )),
        SetBy::Council | SetBy::Board if !municipal => {
            Some(format!("{name} sätts i en kommun: {}.", described(parameter)))
        }
        SetBy::Agency if kind != BodyKind::Agency => Some(format!(
            "{name} sätts av en statlig myndighet: {}.",
            described(parameter)
        )),
        _ => None,
    }
}

/// A parameter as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    pub name: Name,
    /// In order of time.
    pub values: Vec<(Option<Date>, Value)>,
    /// The decision, where it is another than the one to adopt.
    pub decision: Option<String>,
}

/// Reads `taxa.lbe=3 900 från 2026-06-01; 4 100 från 2027-01-01 (fullmäktige 2026-05-20, § 31)`. The error is in Swedish and
/// says what is allowed.
pub fn read_set(pack: &Pack, settable: &Settable, steps: &[Name], text: &str) -> Result<Set, String> {
    let (name, rest) = text
        .split_once('=')
        .ok_or_else(|| "Skriv parametern som namn=värde, till exempel taxa.lbe=3 900.".to_owned())?;
    let name = name.trim();
    let found = pack
        .parameters
        .iter()
        .find(|parameter| parameter.name.it.as_str() == name);
    let may = || {
        let allowed = allowed(pack, settable, steps);
        match allowed.is_empty() {
            true => "Inget får sättas för de egna stegen.".to_owned(),
            false => format!("Det här får sättas:\n  {}", allowed.join("\n  ")),
        }
    };
    let Some(parameter) = found.filter(|found| settable.has_parameter(steps, &found.name.it)) else {
        let which = match found {
            Some(_) => format!("{name} hör inte till de egna stegen."),
            None => format!("{name} finns inte bland dokumentets parametrar."),
        };
        return Err(format!("{which} {}", may()));
    };
    let ParameterType::Value(ty) = &parameter.ty.it else {
        return Err(format!("{name} är en delegation, inte ett värde. {}", may()));
    };
    let rest = rest.trim();
    let (values, decision) = match rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((values, decision)) if decision.contains('§') || decision.contains("beslut") => {
            (values.trim(), Some(decision.trim().to_owned()))
        }
        _ => (rest, None),
    };
    if parameter.set_by.it == SetBy::Council && decision.is_none() {
        return Err(format!(
            "{name} sätts av fullmäktige. Ange beslutet efter värdet: --set \"{name}={values} (fullmäktige 2026-05-20, § 31)\"."
        ));
    }
    let mut read = Vec::new();
    for one in values.split(';') {
        let (value, from) = match one.rsplit_once(" från ") {
            Some((value, day)) => {
                let day = day.trim().parse::<Date>();
                let day = day.map_err(|_| format!("Dagen efter ”från” i {name} skrivs 2026-06-01."))?;
                (value, Some(day))
            }
            None => (one, None),
        };
        let value = ty
            .value(value)
            .ok()
            .filter(|value| fits(value, ty))
            .ok_or_else(|| format!("Värdet av {name} är inte tillåtet. {}.", described(parameter)))?;
        read.push((from, value));
    }
    Ok(Set {
        name: parameter.name.it.clone(),
        values: read,
        decision,
    })
}

/// Reads `delegation.lbe=Direktionen; 2026-05-28; § 20; Bifall till ansökan …; Tillsynsingenjör`.
pub fn read_delegation(
    pack: &Pack,
    settable: &Settable,
    steps: &[Name],
    text: &str,
) -> Result<(Name, Delegation), String> {
    let how = "Skriv delegationen som namn=beslutat av; dag; paragraf; omfattning; till, till exempel \
               delegation.lbe=Miljönämnden; 2026-05-28; § 20; Bifall till ansökan; Inspektör.";
    let (name, rest) = text.split_once('=').ok_or_else(|| how.to_owned())?;
    let parameter = pack.parameters.iter().find(|parameter| {
        parameter.name.it.as_str() == name.trim()
            && parameter.ty.it == ParameterType::Delegation
            && settable.has_delegation(steps, &parameter.name.it)
    });
    let parameter = parameter.ok_or_else(|| {
        format!(
            "{} är ingen delegation i de egna stegen. Det här får sättas:\n  {}",
            name.trim(),
            allowed(pack, settable, steps).join("\n  ")
        )
    })?;
    let parts: Vec<&str> = rest.split(';').map(str::trim).collect();
    let [decided_by, day, paragraph, scope, to] = parts.as_slice() else {
        return Err(how.to_owned());
    };
    if [decided_by, paragraph, scope, to].iter().any(|part| part.is_empty()) {
        return Err(how.to_owned());
    }
    let decided_on = day.parse::<Date>().map_err(|_| how.to_owned())?;
    let delegation = Delegation {
        decided_by: (*decided_by).to_owned(),
        decided_on,
        paragraph: (*paragraph).to_owned(),
        scope: (*scope).to_owned(),
        to: (*to).to_owned(),
    };
    Ok((parameter.name.it.clone(), delegation))
}
