/**
 * Words that say a trade or a kind of firm and name nobody. A key of such words alone is shared by many companies, so it
 * never matches by itself (domain notes, e.6). Folded as `keyDa` folds.
 */
const GENERIC: ReadonlySet<string> = new Set(
  `advokat advokatfirma advokaterne anlaeg apotek arkitekt arkitektfirma auto autoservice autovaerksted bageri bageren
bilcenter blomster bogholderi butik byg byggefirma byggeri bygma cafe cykler danmark denmark design dyrlaege ejendomme
ejendomsselskab el elektriker elektro elfirma elinstallation entreprenoer entreprenoerfirma fiskehandel fodpleje forening
foreningen fotograf frisoer frisoersalon firma firmaet gartner gartneri gartnerfirma glarmester grill gruppen gulve
handel handelsfirma handelsselskab haandvaerker haveservice holding holdingselskab hotel import export industri invest
investering it karosseri kiosk klinik koereskole koekken konsulent konsulentfirma kontor koebmand kro kunst landbrug
laege laegehus lager logistik maler malerfirma malermester maskiner maskinfabrik maskinstation mekaniker montage
moebler multiservice murer murerfirma murermester mv og optik pension pizza pizzeria privat reklame rengoering
rengoeringsfirma rengoeringsselskab restaurant revision revisor revisionsfirma salon service skole slagter smed smedie
smedefirma snedker snedkerfirma solution solutions speditoer taxa taxi tandlaege tandlaegerne tekstil toemrer
toemrerfirma toemrermester toemrer transport trading tryk vaskeri vinduespolering vognmand vognmandsfirma vvs vaerksted
udlejning webshop zoneterapi`.split(/\s+/),
);

/** Do all words of the key only say a trade? */
export const isGenericName = (key: string): boolean => key.split(" ").every((word) => GENERIC.has(word));
