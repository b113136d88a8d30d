import proj4 from "proj4";

/** ETRS89 / UTM zone 32N (EPSG:25832), in which the register keeps its points. */
const UTM32 = "+proj=utm +zone=32 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs";
const toWgs84 = proj4(UTM32, "WGS84");
/** Seven decimals are a centimetre. */
const DECIMALS = 7;

/** Metres of EPSG:25832 as degrees of WGS84, as decimal texts. */
export function positionOf(x: number, y: number): { readonly lat: string; readonly lng: string } {
  const [lng = Number.NaN, lat = Number.NaN] = toWgs84.forward([x, y]);
  return { lat: lat.toFixed(DECIMALS), lng: lng.toFixed(DECIMALS) };
}
