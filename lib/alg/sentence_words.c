#include "alg/sentence_private.h"

/*
 * The words of the sentence rules by language: abbreviations in lower case
 * without their last full stop, sorted by bytes (a test looks). Written for
 * this project from general usage. Each word stops a cut, so one that often
 * ends a sentence is better left out.
 */
static const char *const en_never[] = {
	"adj", "adm", "adv", "asst", "attn", "atty", "bart", "bldg", "brig", "ca", "capt",
	"cf", "cit", "cmdr", "col", "comdr", "cpl", "det", "dr", "drs", "e.g", "ens", "esp",
	"fr", "gen", "gov", "hon", "hosp", "i.e", "ibid", "incl", "insp", "jud", "lt", "maj",
	"messrs", "mlle", "mme", "mr", "mrs", "ms", "msgr", "mt", "mts", "op", "ord", "pfc",
	"ph", "pres", "prof", "prop", "pvt", "rep", "reps", "resp", "rev", "rt", "sen", "sens",
	"sfc", "sgt", "spc", "supt", "surg", "v", "viz", "vs",
};

static const char *const en_number[] = {
	"app", "apr", "art", "arts", "aug", "ch", "chap", "chs", "dec", "ed", "eds", "eq",
	"eqs", "ext", "feb", "fig", "figs", "fri", "jan", "jul", "jun", "mar", "no", "nos",
	"nov", "nr", "num", "n°", "nº", "oct", "p", "par", "para", "pg", "pgs", "pp", "ref",
	"refs", "sec", "sect", "sep", "sept", "ser", "tab", "tel", "thu", "thur", "thurs",
	"tue", "tues", "ver", "vol", "vols", "§",
};

static const char *const en_starter[] = {
	"al", "ala", "alta", "approx", "ariz", "ark", "assn", "assoc", "ave", "blvd", "bros",
	"bv", "cal", "calif", "co", "colo", "conn", "corp", "corps", "cos", "dept", "esq",
	"est", "fla", "ft", "ga", "gmbh", "hwy", "ia", "inc", "ind", "jr", "kan", "ky", "llc",
	"ltd", "mass", "md", "mfg", "mich", "minn", "misc", "mont", "neb", "nev", "okla", "ont",
	"pa", "pac", "penn", "penna", "phd", "plc", "que", "rd", "sask", "sr", "st", "tenn", "tex",
	"univ", "va", "vt", "wash", "wis", "wisc", "wyo",
};

static const char *const en_upper[] = {
	"avg", "cm", "cu", "etc", "hr", "hrs", "kg", "km", "lb", "lbs", "max", "mg", "min",
	"ml", "mm", "mo", "oz", "secs", "seq", "sq", "std", "temp", "wk", "yr", "yrs",
};

static const char *const en_start[] = {
	"A", "According", "Actually", "After", "Afterwards", "All", "Also", "Although", "An",
	"And", "Another", "Any", "As", "At", "Because", "Before", "Being", "Besides", "Both",
	"But", "By", "Can", "Could", "Despite", "Did", "Do", "Does", "During", "Each",
	"Earlier", "Either", "Even", "Eventually", "Every", "Few", "Finally", "First", "For",
	"From", "Further", "Furthermore", "Had", "Has", "Have", "He", "Hence", "Her", "Here",
	"Hers", "Him", "His", "How", "However", "I", "If", "In", "Indeed", "Instead", "Is",
	"It", "Its", "Just", "Last", "Later", "Let", "Many", "Maybe", "Meanwhile", "Millions",
	"More", "Moreover", "Most", "Much", "My", "Neither", "Never", "Nevertheless", "Next",
	"No", "None", "Nor", "Not", "Nothing", "Now", "Of", "Often", "On", "Once", "One",
	"Only", "Or", "Other", "Others", "Our", "Over", "People", "Perhaps", "Please", "Rather",
	"Second", "Several", "She", "Should", "Similarly", "Since", "So", "Some", "Sometimes",
	"Soon", "Still", "Such", "Than", "That", "The", "Their", "Them", "Then", "There",
	"Therefore", "These", "They", "Third", "This", "Those", "Though", "Thousands",
	"Through", "Thus", "To", "Today", "Together", "Tomorrow", "Too", "Two", "Under",
	"Unlike", "Until", "Upon", "Was", "We", "Were", "What", "When", "Whenever", "Where",
	"Whereas", "Whether", "Which", "While", "Who", "Whom", "Whose", "Why", "Will", "With",
	"Without", "Would", "Yes", "Yesterday", "Yet", "You", "Your",
};

static const char *const de_never[] = {
	"abb", "abf", "abk", "abs", "abschn", "abt", "akad", "allg", "allj", "amtl", "anh",
	"anl", "anm", "art", "aufl", "ausg", "bd", "bde", "bearb", "begr", "beil", "bes",
	"betr", "bez", "bzgl", "bzw", "ca", "chr", "d.h", "dgl", "dipl", "dir", "dr",
	"e.h", "ebd", "ehem", "eigtl", "einschl", "entspr", "erg", "erw", "ev", "evtl", "exkl",
	"expl", "f", "fa", "ff", "folg", "fr", "frl", "gbr", "geb", "gef", "gegr", "gem", "gen",
	"ges", "gez", "ggf", "hl", "hr", "hrn", "hrsg", "ing", "inkl", "insb", "jh",
	"jhd", "jhdt", "jun", "kap", "kath", "kfm", "kgl", "komm", "korr", "lfd", "lt", "m.e",
	"max", "med", "min", "mind", "mio", "mod", "mrd", "mündl", "nachf", "nr", "näml", "o.a",
	"o.g", "o.ä", "orig", "phil", "philos", "pl", "pos", "priv", "prof", "pseud", "publ",
	"qm", "rd", "red", "reg", "rel", "resp", "röm", "s", "s.a", "s.o", "s.u", "sen", "sog",
	"spez", "st", "std", "stellv", "str", "tel", "tlw", "u.a", "u.u", "u.ä", "ugs", "univ",
	"unv", "urspr", "usf", "v.a", "verf", "verh", "vgl", "vol", "vorm", "vs", "wiss", "z",
	"z.b", "z.t", "z.z", "zb", "zit", "zus", "zzgl", "ä", "österr", "ü.d.m", "übers",
};

static const char *const de_number[] = {
	"apr", "aug", "dez", "feb", "jan", "jän", "mär", "nov", "okt", "sept",
};

static const char *const de_starter[] = {
	"etc", "u.s.w", "usw",
};

static const char *const de_start[] = {
	"Aber", "Alle", "Als", "Am", "An", "Auch", "Auf", "Aus", "Bei", "Bis", "Da", "Danach",
	"Dann", "Das", "Dass", "Dein", "Dem", "Den", "Denn", "Der", "Deshalb", "Die", "Dies",
	"Diese", "Dieser", "Dieses", "Doch", "Dort", "Du", "Durch", "Ein", "Eine", "Einem",
	"Einen", "Einer", "Er", "Es", "Für", "Gegen", "Haben", "Hat", "Heute", "Hier", "Ich",
	"Ihr", "Ihre", "Im", "Immer", "In", "Ist", "Jede", "Jeder", "Jetzt", "Kein", "Keine",
	"Man", "Mein", "Mit", "Nach", "Nicht", "Noch", "Nun", "Nur", "Ob", "Oder", "Sein",
	"Seine", "Seit", "Sie", "Sind", "So", "Um", "Und", "Uns", "Unser", "Unter", "Vom",
	"Von", "Vor", "Wann", "War", "Was", "Weil", "Wenn", "Wer", "Wie", "Wir", "Wird", "Wo",
	"Zu", "Zudem", "Zum", "Zur",
};

static const char *const es_never[] = {
	"a.c", "admón", "afma", "afmas", "arq", "art", "arts", "atte", "av", "avda", "bs.as",
	"cap", "caps", "cdad", "cf", "cn", "cnel", "col", "comp", "coord", "cra", "cta", "cte",
	"d", "d.c", "dcha", "dept", "depto", "der", "dir", "dn", "doc", "dr", "dra", "dres",
	"dto", "ed", "edif", "ee", "ej", "emp", "entlo", "esq", "exc", "excma", "excmo", "ext",
	"fdo", "fig", "gob", "gr", "gral", "grupo", "hno", "hnos", "hs", "ilma", "ilmo", "ind",
	"ing", "izq", "izqda", "lib", "lic", "licda", "ltd", "ltda", "min", "mons", "mt", "máx",
	"mín", "n.o", "núm", "núms", "ob", "op", "p", "p.ej", "pbro", "prof", "profa", "prov",
	"ps", "pta", "ptas", "pts", "pza", "pág", "págs", "párr", "párrf", "rep", "rev", "rte",
	"s.a", "s.l", "s.s", "sec", "sr", "sra", "sras", "sres", "srta", "srtas", "ss", "st",
	"sta", "sto", "tel", "teléf", "tfno", "trad", "tít", "ud", "uds", "vd", "vda", "vds",
	"vol", "vols", "vs", "xej",
};

static const char *const es_number[] = {
	"abr", "ago", "dic", "dom", "ene", "feb", "jue", "jul", "jun", "km", "lun", "mar",
	"may", "mié", "no", "nov", "n°", "nº", "oct", "sep", "sept", "set", "sáb", "vie",
};

static const char *const es_starter[] = {
	"cía", "ee.uu", "etc", "uu",
};

static const char *const fr_never[] = {
	"a.c.n", "adr", "apr", "art", "av", "avr", "bd", "boul", "c.-à-d", "cap", "cf", "ch",
	"chap", "cie", "col", "dir", "dr", "drs", "ed", "env", "ex", "fig", "fév", "gén", "hab",
	"ibid", "id", "inf", "inéd", "jan", "janv", "juil", "l.l", "lieut", "ll.aa.ii.rr", "lt",
	"m", "me", "mgr", "mll", "mlle", "mlles", "mm", "mme", "mmes", "n", "no", "nov", "n°",
	"nº", "obs", "oct", "p", "p.ex", "pp", "prof", "réf", "s.a", "s.m", "sept", "sq", "st",
	"ste", "suiv", "sup", "suppl", "t.s.v.p", "trad", "tél", "v", "vol", "vs", "éd",
};

static const char *const fr_starter[] = {
	"etc", "ltd",
};

static const char *const it_never[] = {
	"ad", "ag", "all", "amm", "arch", "arg", "art", "artt", "avv", "az", "banc", "bd",
	"bibl", "c", "c.a", "c.c", "cap", "capp", "cc", "cd", "cfr", "chim", "cit", "cl", "col",
	"comm", "comp", "coord", "d", "dir", "dis", "dom", "dott", "dott.ssa", "dr", "ecc.mo",
	"econ", "ed", "es", "fasc", "fig", "figg", "fisc", "geom", "giur", "gr", "id", "idraul",
	"ill", "imp", "ing", "int", "is", "l", "lett", "lim", "lit", "mat", "max", "med",
	"meteor", "min", "mod", "mons", "mr", "n", "naz", "nn", "nr", "num", "on", "op", "p",
	"pag", "pagg", "par", "pp", "prof", "prof.ssa", "prov", "psicol", "pubbl", "r", "racc",
	"rag", "rev", "s", "seg", "sen", "serg", "sig", "sig.na", "sig.ra", "sigg", "soc",
	"sost", "spett", "ss", "st", "sta", "stat", "sto", "sup", "suppl", "t", "tab", "tav",
	"tecn", "tel", "tit", "trad", "univ", "v", "ved", "vers", "vol", "voll", "zool",
};

static const char *const it_number[] = {
	"ago", "apr", "dic", "feb", "gen", "gio", "giu", "lug", "lun", "mag", "mar", "mer",
	"nov", "ott", "sab", "set", "sett", "ven",
};

static const char *const it_starter[] = {
	"ecc", "etc",
};

static const char *const pt_never[] = {
	"adm", "adv", "al", "apto", "arq", "art", "av", "cap", "cel", "cf", "cia", "dep",
	"depto", "dir", "doc", "dr", "dra", "dras", "drs", "ed", "eng", "esc", "est", "etc",
	"ex", "exa", "exma", "exmo", "fig", "fl", "fls", "gen", "gov", "hab", "ilma", "ilmo",
	"inc", "inf", "insp", "jd", "km", "ltda", "min", "máx", "mín", "n", "num", "nº", "obs",
	"op", "p", "pag", "pe", "ph", "pp", "prof", "profa", "profs", "pág", "págs", "r", "ref",
	"reg", "rep", "rev", "rod", "s", "sec", "sen", "sr", "sra", "sras", "srs", "srta",
	"sta", "sto", "séc", "tel", "trav", "v.exa", "vol",
};

static const char *const pt_number[] = {
	"abr", "ago", "dez", "fev", "jan", "jul", "jun", "mai", "mar", "nov", "out", "set",
};

static const char *const nl_never[] = {
	"aanw", "adv", "afb", "afd", "alg", "art", "b.v", "bijv", "bijz", "blz", "bv", "ca",
	"d.m.v", "d.w.z", "dhr", "dir", "div", "dr", "drs", "e.a", "e.d", "ed", "evt", "excl",
	"fam", "fig", "geb", "gem", "hfst", "i.p.v", "i.v.m", "incl", "ing", "ir", "jhr", "jr",
	"m.a.w", "m.b.t", "m.b.v", "m.i.v", "max", "mej", "mevr", "mgr", "min", "mln", "mr",
	"mrd", "mw", "n.a.v", "n.v.t", "nl", "nr", "o.a", "o.b.v", "o.i.d", "o.l.v", "o.m",
	"ong", "p", "pag", "par", "pp", "prof", "red", "resp", "sr", "st", "t.a.v", "t.b.v",
	"t.g.v", "t.o.v", "tel", "v", "v.a", "vgl", "vnw", "vs", "z.g", "zgn", "zn",
};

static const char *const nl_number[] = {
	"apr", "aug", "dec", "feb", "jan", "jul", "jun", "mrt", "nov", "okt", "sept",
};

static const char *const nl_starter[] = {
	"enz", "etc",
};

static const char *const da_never[] = {
	"afd", "afg", "afs", "alm", "ang", "ank", "anm", "ans", "bd", "bl", "bl.a", "bygn",
	"ca", "cand", "cirk", "d.d", "d.s.s", "d.v.s", "d.å", "d.æ", "dir", "div", "dr", "dvs",
	"e.l", "eks", "ekskl", "eksp", "el", "enh", "evt", "f", "f.eks", "f.kr", "f.m", "fa",
	"fgl", "fhv", "fig", "forb", "fork", "forst", "frk", "gl", "gns", "gr", "hr", "hrs",
	"i.f.m", "iflg", "ifm", "inkl", "int", "jf", "jr", "kap", "kgl", "kl", "kld", "km",
	"kr", "m", "m.a.o", "m.fl", "m.h.t", "m.m", "max", "mdr", "mht", "mia", "min", "mio",
	"mv", "nr", "obs", "op", "opr", "osv", "pag", "pct", "pga", "ph", "pkt", "pr", "prof",
	"red", "ref", "resp", "rev", "s", "s.u", "sal", "sen", "sml", "sr", "st", "stk", "str",
	"td", "tdl", "tdr", "tel", "tlf", "udg", "ugtl", "univ", "vedr", "vh", "vha", "vol",
	"å", "årg", "årh",
};

static const char *const da_number[] = {
	"apr", "aug", "dec", "feb", "jan", "mar", "nov", "okt", "sept",
};

static const char *const pl_never[] = {
	"art", "bałt", "bp", "br", "ca", "cd", "cdn", "cm", "cyt", "czyt", "dag", "daw", "dawn",
	"dn", "doc", "dol", "dot", "dr", "ds", "dyr", "dyw", "dz", "dzis", "ew", "fiz", "fr",
	"frag", "gat", "gen", "ggr", "gimn", "godz", "gosp", "gr", "górn", "hab", "hist", "im",
	"in", "inż", "itd", "itp", "j", "jw", "jęz", "kan", "kl", "kol", "kośc", "kpt", "ks",
	"kw", "lek", "lic", "lit", "m", "m.in", "marsz", "małż", "mec", "mgr", "mieś", "min",
	"mjr", "mk", "mld", "mln", "mps", "n.e", "nadkom", "nast", "nb", "np", "nr", "nt", "o",
	"ob", "obr", "ok", "op", "org", "os", "p", "p.n.e", "par", "pkt", "pl", "pn", "pod",
	"pokr", "pol", "por", "pos", "pot", "pow", "poz", "poł", "pp", "ppłk", "proc", "prof",
	"prok", "przyp", "ps", "pt", "pw", "płk", "r", "red", "reż", "rkps", "rozdz", "rtm",
	"ryc", "rys", "s", "sek", "st", "str", "sygn", "szer", "szt", "tab", "tel", "tj", "tow",
	"tys", "tzn", "tzw", "tłum", "ul", "ur", "w", "wg", "woj", "wsch", "wyd", "wyj", "wym",
	"wł", "zach", "zał", "zd", "zeszt", "zm", "zob", "zwł", "ś.p", "śp", "śr", "św",
};

static const char *const ru_never[] = {
	"а", "август", "акад", "апр", "б", "б.г", "бул", "в", "вв", "вт", "г", "гг", "гл",
	"гос", "гр", "д", "дек", "до", "дол", "долл", "доц", "ж", "зам", "и.о", "им", "ин",
	"ин-т", "инж", "искл", "к", "кв", "кв.м", "кг", "кн", "комн", "корп", "коэф", "куб",
	"куб.м", "л", "литер", "м", "мин", "млн", "млрд", "мр", "н", "н.э", "напр", "наст",
	"нач", "ноя", "о", "обл", "обр", "оз", "окт", "оп", "офиц", "п", "пгт", "пер", "пл",
	"пол", "пос", "пр", "прим", "просп", "проф", "р", "рад", "ред", "рис", "род", "руб",
	"с", "св", "сек", "сент", "см", "соч", "ср", "ст", "стр", "стр-во", "т", "т.д", "т.е",
	"т.к", "т.н", "т.о", "т.п", "т.с", "тел", "тов", "тт", "ту", "тыс", "у", "у.е", "ул",
	"уч", "ф", "фев", "фр", "х", "ч", "чел", "шт", "э", "экз", "эт", "ю", "янв",
};

static const char *const bg_never[] = {
	"акад", "арх", "бел", "бл", "бр", "бул", "в", "вж", "вкл", "г", "гг", "гл", "гр", "д",
	"д-р", "дол", "доц", "ж", "жк", "инж", "ис", "кв", "кг", "км", "кн", "л", "лв", "м",
	"мин", "млн", "млрд", "напр", "нар", "пл", "пр", "пром", "проф", "р", "рис", "с", "сб",
	"св", "см", "ср", "ст", "стр", "т", "т.г", "т.е", "т.н", "т.нар", "тел", "ул", "хил",
	"чл",
};

static const char *const kk_never[] = {
	"б.з.б", "б.з.д", "г", "д", "ж", "жж", "м", "мыс", "обл", "с", "см", "т.б", "т.с.с",
	"тг", "ул", "ғ",
};

#define LIST(a) { (a), countof(a) }

const struct sentence_words sentence_words[] = {
	{ .code = "en", .never = LIST(en_never), .number = LIST(en_number),
		.starter = LIST(en_starter), .upper = LIST(en_upper), .start = LIST(en_start) },
	{ .code = "de", .never = LIST(de_never), .number = LIST(de_number),
		.starter = LIST(de_starter), .start = LIST(de_start) },
	{ .code = "es", .never = LIST(es_never), .number = LIST(es_number),
		.starter = LIST(es_starter) },
	{ .code = "fr", .never = LIST(fr_never), .starter = LIST(fr_starter) },
	{ .code = "it", .never = LIST(it_never), .number = LIST(it_number),
		.starter = LIST(it_starter) },
	{ .code = "pt", .never = LIST(pt_never), .number = LIST(pt_number) },
	{ .code = "nl", .never = LIST(nl_never), .number = LIST(nl_number),
		.starter = LIST(nl_starter) },
	{ .code = "da", .never = LIST(da_never), .number = LIST(da_number) },
	{ .code = "pl", .never = LIST(pl_never) },
	{ .code = "ru", .never = LIST(ru_never) },
	{ .code = "bg", .never = LIST(bg_never) },
	{ .code = "kk", .never = LIST(kk_never) },
};
const size_t nr_sentence_words = countof(sentence_words);

const struct sentence_words *
sentence_words_of(const char *lang)
{
	if (lang && lang[0] && lang[1] && (!lang[2] || lang[2] == '-' || lang[2] == '_'))
		for (size_t i = 0; i < countof(sentence_words); i++)
			if (memcmp(sentence_words[i].code, lang, 2) == 0)
				return &sentence_words[i];
	return &sentence_words[0];
}

bool
sentence_list_has(const struct sentence_list *list, const char *word)
{
	size_t lo = 0, hi = list->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = strcmp(word, list->words[mid]);

		if (cmp == 0)
			return true;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}
