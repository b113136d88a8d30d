const words = (text: string): readonly string[] => text.trim().split(/\s+/);
const lines = (text: string): readonly string[] => text.trim().split(/\s*\n\s*|\s*;\s*/);

/** Real pairs of postal code and town. */
export const towns: readonly (readonly [postnr: string, town: string])[] = lines(`
  1050 København K; 1123 København K; 1264 København K; 1358 København K; 1550 København V; 1620 København V
  1711 København V; 1850 Frederiksberg C; 2000 Frederiksberg; 2100 København Ø; 2150 Nordhavn; 2200 København N
  2300 København S; 2400 København NV; 2450 København SV; 2500 Valby; 2600 Glostrup; 2610 Rødovre; 2620 Albertslund
  2630 Taastrup; 2640 Hedehusene; 2650 Hvidovre; 2665 Vallensbæk Strand; 2700 Brønshøj; 2730 Herlev; 2740 Skovlunde
  2750 Ballerup; 2760 Måløv; 2770 Kastrup; 2791 Dragør; 2800 Kongens Lyngby; 2830 Virum; 2850 Nærum; 2860 Søborg
  2900 Hellerup; 2970 Hørsholm; 3000 Helsingør; 3200 Helsinge; 3400 Hillerød; 3460 Birkerød; 3520 Farum; 3600 Frederikssund
  3700 Rønne; 3770 Allinge; 4000 Roskilde; 4100 Ringsted; 4200 Slagelse; 4220 Korsør; 4300 Holbæk; 4400 Kalundborg
  4600 Køge; 4690 Haslev; 4700 Næstved; 4760 Vordingborg; 4780 Stege; 4800 Nykøbing F; 4930 Maribo; 5000 Odense C
  5200 Odense V; 5220 Odense SØ; 5300 Kerteminde; 5500 Middelfart; 5600 Faaborg; 5700 Svendborg; 5800 Nyborg; 5970 Ærøskøbing
  6000 Kolding; 6100 Haderslev; 6200 Aabenraa; 6270 Tønder; 6400 Sønderborg; 6500 Vojens; 6600 Vejen; 6700 Esbjerg
  6705 Esbjerg Ø; 6760 Ribe; 6800 Varde; 6950 Ringkøbing; 7000 Fredericia; 7100 Vejle; 7190 Billund; 7330 Brande; 7400 Herning
  7430 Ikast; 7500 Holstebro; 7600 Struer; 7620 Lemvig; 7700 Thisted; 7800 Skive; 7900 Nykøbing M; 8000 Aarhus C
  8200 Aarhus N; 8210 Aarhus V; 8230 Åbyhøj; 8240 Risskov; 8260 Viby J; 8270 Højbjerg; 8300 Odder; 8400 Ebeltoft; 8500 Grenaa
  8600 Silkeborg; 8660 Skanderborg; 8700 Horsens; 8800 Viborg; 8900 Randers C; 8930 Randers NØ; 9000 Aalborg
  9200 Aalborg SV; 9220 Aalborg Øst; 9300 Sæby; 9400 Nørresundby; 9500 Hobro; 9600 Aars; 9700 Brønderslev; 9800 Hjørring
  9850 Hirtshals; 9900 Frederikshavn; 9990 Skagen`).map((line) => [line.slice(0, 4), line.slice(5)] as const);

export const streets = lines(`
  Hovedgaden; Algade; Nørregade; Søndergade; Vestergade; Østergade; Jernbanegade; Industrivej; Fabriksvej; Håndværkervej
  Smedevej; Kirkevej; Skolevej; Møllevej; Engvej; Skovvej; Bakkevej; Strandvejen; Havnegade; Havnevej; Kystvejen; Ringvejen
  Lindevej; Birkevej; Bøgevej; Egevej; Kastanievej; Rosenvænget; Kløvervej; Tværvej; Parkvej; Søvej; Åboulevarden
  Gammel Landevej; Gammel Køgevej; Nordre Ringvej; Nordre Fasanvej; Søndre Allé; Vestre Allé; Østre Stationsvej
  Sankt Knuds Vej; Sankt Peders Gade; Store Torv; Lille Strandstræde; H.C. Andersens Vej; Kongens Allé; Doktor Holms Vej
  Frederiks Plads; Teglværksvej; Savværksvej; Mejerivej; Transportvej; Erhvervsvej; Energivej; Rugmarken; Hvedemarken
  Ørstedvej; Ærtevej; Ågade; Løvstræde; Bredgade; Torvegade; Slotsgade; Kongensgade; Dronningensgade; Toldbodgade`);

export const surnames = words(`
  Jensen Nielsen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Jørgensen Petersen Madsen Kristensen Olsen
  Thomsen Christiansen Poulsen Johansen Møller Mortensen Knudsen Jakobsen Lund Holm Østergaard Schmidt Kjær Bak Nygaard
  Lindholm Overgaard Kirkegaard Bjerregaard Damgaard Søgaard Ravn Bruun Friis Dahl Toft Vestergaard Nørgaard Skov Krogh
  Brandt Winther Bech Hald Kruse Lauritsen Højgaard Ågaard Ødum Bæk Fjord Steen Thorsen Ebbesen Fønss Grøn Hauge Iversen`);

export const givenNames = words(`
  Anne Mette Kirsten Hanne Lene Susanne Camilla Louise Pia Maria Signe Freja Ida Sofie Karen Bodil Gitte Lone Åse Ditte
  Peter Jens Michael Lars Thomas Henrik Søren Christian Martin Jan Morten Niels Anders Mads Rasmus Kasper Bjørn Jørgen Åge Øjvind
  Ulla Birgit Maja Emil Oskar Viggo Asger Ejnar Sanne Trine`);

/** What a place or a thing lends to a company's name. */
export const leads = words(`
  Nordhavn Vesterhav Østkyst Sydfyns Midtjysk Limfjords Sundets Fjordens Kystens Hede Skagerrak Kattegat Bornholms Djurslands
  Himmerlands Vendsyssel Salling Mols Thy Stevns Lolland Falster Ærø Fanø Rømø Als Samsø Læsø Blåvand Grønhøj Bøgelund
  Egebjerg Lyngby Solbjerg Ravnsø Svanemølle Storke Lærke Ørne Havørn Falke Uglebo Hjorte Ræve Grævling Odder Bæver
  Granit Kridt Klippe Ler Rav Tang Lyng Rug Havre Humle Hyben Brombær Slåen Hyld Æble Blomme Kirsebær`);

/** A line of business: how it ends a name, its branche code (DB07) and what such customers are called in lists. */
export const trades: readonly (readonly [word: string, branche: string, group: string])[] = lines(`
  Tømrerfirma 433200 HAANDVAERK; Murerfirma 439910 HAANDVAERK; Malerfirma 433410 HAANDVAERK; El-Service 432100 HAANDVAERK
  VVS 432200 HAANDVAERK; Maskinfabrik 284900 INDUSTRI; Smedeværksted 255000 INDUSTRI; Bådværft 301200 INDUSTRI
  Møbelfabrik 310900 INDUSTRI; Emballage 172100 INDUSTRI; Bageri 107120 FOEDEVARER; Mejeri 105100 FOEDEVARER
  Bryggeri 110500 FOEDEVARER; Røgeri 102030 FOEDEVARER; Fiskehandel 463810 FOEDEVARER; Gartneri 011900 LANDBRUG
  Planteskole 013000 LANDBRUG; Maskinstation 016100 LANDBRUG; Savværk 161000 INDUSTRI; Trælast 467300 HANDEL
  Engros 469000 HANDEL; Kontorforsyning 466500 HANDEL; Tekstil 464110 HANDEL; Bogtryk 181200 SERVICE; Rengøring 812100 SERVICE
  Transport 494100 TRANSPORT; Spedition 522920 TRANSPORT; Shipping 522920 TRANSPORT; Autolakering 452040 SERVICE
  Software 620100 IT; Data 631100 IT; Rådgivning 702200 SERVICE; Revision 692000 SERVICE; Arkitekter 711100 SERVICE
  Ingeniører 711210 SERVICE; Reklame 731110 SERVICE; Kursuscenter 855900 SERVICE; Kro 551010 HORECA; Café 563000 HORECA
  Ejendomme 682040 EJENDOM; Entreprise 412000 HAANDVAERK; Isolering 432900 HAANDVAERK; Skilte 329900 INDUSTRI`).map(
  (line) => {
    const [word = "", branche = "", group = ""] = line.split(" ");
    return [word, branche, group] as const;
  },
);

export const titles = lines(`
  Direktør; Indkøber; Økonomichef; Bogholder; Salgschef; Værkfører; Projektleder; Kontorassistent; Driftschef; Lagerchef`);
