/** What invented Danish companies are named and placed with. */
const split = (text: string): readonly string[] => text.trim().split(/\s+/);

export const SURNAMES =
  split(`Andersen Nielsen Hansen Jensen Pedersen Christensen Larsen Sørensen Rasmussen Jørgensen Petersen
Madsen Kristensen Olsen Thomsen Christiansen Poulsen Johansen Møller Mortensen Knudsen Jakobsen Mikkelsen Frederiksen Laursen
Henriksen Lund Holm Schmidt Eriksen Clausen Simonsen Svendsen Andreasen Iversen Jeppesen Nissen Vestergaard Lauridsen
Østergaard Kjær Bertelsen Jespersen Bruun Dam Friis Bach Skov Bech Toft Juhl Krogh Lauritsen Nørgaard Overgaard Søndergaard
Villadsen Winther Kirkegaard Mogensen Bjerregaard Brandt Holst Dahl Damgaard Gregersen Kruse Steffensen Thygesen Markussen
Ravn Bonde Buhl Carlsen Enevoldsen Fischer Gade Hermansen Hjorth Højgaard Kofoed Koch Lassen Lorenzen Meyer Munk Nygaard
Paulsen Riis Schou Sommer Storm Thorsen Ulriksen Wulff Ågaard Ærø Bødker Grønbæk Hedegaard Vinther Bondo Tved`);

export const GIVEN =
  split(`Anne Bo Camilla Dan Ea Finn Gitte Hans Ida Jens Karen Lars Mette Niels Ole Pia Rasmus Søren Tina Ulla Viggo
Åse Ægir Øjvind Morten Peter Henrik Thomas Michael Jørgen Erik Kirsten Hanne Susanne Lone Torben Kaj Børge Birthe Maja Emil
Freja Oscar Signe Malthe Laura Magnus Clara`);

export const TRADES =
  split(`Byg VVS El Tømrer Murer Maler Smede Auto Transport Revision Handel Ejendomme Invest Maskinfabrik Bageri
Entreprenør Rengøring Gulve Glas Tryk Reklame Design Konsulent Møbler Cykler Blomster Optik Fysioterapi Landbrug Planteskole
Skovservice Fiskeeksport Skibsservice Dyrehospital Tandklinik Arkitekter Advokater Ingeniører Webudvikling Regnskab Vinhandel
Isenkram Køleteknik Solceller Stilladser Kloakservice Containerudlejning Bådværft Teltudlejning Naturmøbler`);

const HEADS =
  split(`Nord Syd Vest Øst Hav Skov Å Bæk Sø Klit Fjord Bølge Storm Sol Måne Stjerne Grøn Blå Rød Hvid Sølv Guld Kobber Jern Sten
Ege Birke Bøge Lærke Svane Ørne Falke Hjorte Bjørne Ræve Mølle Kirke Slots Havne Bro Vind Regn Sne Tinder Dal Bakke Høj Ager
Eng Mark`);
const TAILS =
  split(`havn gaard borg lund holm vig næs ø bjerg dal kilde bro vang toft strøm land skjold værk tek data plan form punkt linje
sen mark hus tårn port rup`);

export const FANTASY = HEADS.flatMap((head) => TAILS.map((tail) => `${head}${tail}`));

export const STREETS = (
  `Nørregade Søndergade Vestergade Østergade Algade Torvegade Havnegade Kirkegade Skolegade Møllevej Bækvej Skovvej Engvej
Industrivej Fabriksvej Håndværkervej Lærkevej Svanevej Elmevej Egevej Birkevej Bøgevej Stationsvej Jernbanegade Strandvejen
Åboulevarden Kystvejen Ringvejen Hovedgaden Præstevænget Rådhuspladsen Tværgade Kongensgade Dronningensgade Fredensvej
Solvænget Bakkedraget Højvangen Kløvervænget Rugvænget Bygvænget Hvedevænget Enghavevej Mejerivej Smedegade Bødkervej`.split(
    /\s+/,
  ) as string[]
).concat(
  ...["Gammel Kongevej", "Gammel Landevej", "Nordre Ringvej", "Søndre Ringvej", "Store Kongensgade", "Lille Torv"],
  ...["Sankt Annæ Plads", "Sankt Jørgens Vej", "Vester Allé", "Øster Allé", "H.C. Andersens Vej", "Kongens Nytorv"],
  ...["Nordre Strandvej", "Søndre Landevej", "Gammel Skolevej", "Store Strandstræde"],
);

/** Town, postal code, how many of a hundred companies. */
export const TOWNS: readonly (readonly [postnr: string, bynavn: string, weight: number])[] = [
  ...([
    ["8000", "Aarhus C", 7],
    ["5000", "Odense C", 5],
    ["9000", "Aalborg", 5],
    ["2100", "København Ø", 6],
  ] as const),
  ...([
    ["2200", "København N", 5],
    ["2300", "København S", 5],
    ["2500", "Valby", 3],
    ["2730", "Herlev", 2],
  ] as const),
  ...([
    ["6700", "Esbjerg", 4],
    ["7100", "Vejle", 4],
    ["8700", "Horsens", 3],
    ["8900", "Randers C", 3],
  ] as const),
  ...([
    ["6000", "Kolding", 3],
    ["7400", "Herning", 3],
    ["8600", "Silkeborg", 3],
    ["4000", "Roskilde", 3],
  ] as const),
  ...([
    ["4700", "Næstved", 2],
    ["3000", "Helsingør", 2],
    ["4200", "Slagelse", 2],
    ["6400", "Sønderborg", 2],
  ] as const),
  ...([
    ["8800", "Viborg", 2],
    ["7500", "Holstebro", 2],
    ["3400", "Hillerød", 2],
    ["4600", "Køge", 2],
  ] as const),
  ...([
    ["2630", "Taastrup", 2],
    ["5700", "Svendborg", 2],
    ["9800", "Hjørring", 2],
    ["6100", "Haderslev", 1],
  ] as const),
  ...([
    ["7800", "Skive", 1],
    ["9900", "Frederikshavn", 1],
    ["4300", "Holbæk", 1],
    ["6200", "Aabenraa", 1],
  ] as const),
  ...([
    ["6270", "Tønder", 1],
    ["3700", "Rønne", 1],
    ["5970", "Ærøskøbing", 1],
    ["6950", "Ringkøbing", 1],
  ] as const),
  ...([
    ["7700", "Thisted", 1],
    ["9500", "Hobro", 1],
    ["8500", "Grenaa", 1],
    ["4800", "Nykøbing F", 1],
  ] as const),
];
