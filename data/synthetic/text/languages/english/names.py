"""Names that no list holds, made of parts: towns, shops, bands, films, goods and handles; and figures of all kinds."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

from data.synthetic.text.languages.english.vocabulary import steep

_PLACES = """
City: London, town, New York, LA, Manchester, Chicago, Texas, Florida, Glasgow, Dublin, Paris, Vegas, Boston, {Newtown}, Leeds, this country, the city, Atlanta, Toronto, Liverpool, Nashville, Bristol, my hometown, New Orleans, California, Cardiff, Ohio, Sydney, Brighton, Detroit, Jersey, Spain, Italy, Seattle, Lagos, Miami, Denver, Essex, Portland, the south, the north, York, Birmingham, Sheffield, Newcastle, Nottingham, Leicester, Edinburgh, Belfast, Aberdeen, Dundee, Swansea, Hull, Bradford, Coventry, Derby, Stoke, Wolverhampton, Plymouth, Exeter, Southampton, Portsmouth, Reading, Oxford, Cambridge, Norwich, Ipswich, Luton, Milton Keynes, Northampton, Peterborough, Lincoln, Preston, Bolton, Blackpool, Carlisle, Durham, Sunderland, Middlesbrough, Bath, Gloucester, Kent, Surrey, Sussex, Devon, Cornwall, Dorset, Wales, Scotland, Ireland, Cork, Galway, Limerick, Houston, Dallas, Austin, San Antonio, Phoenix, San Diego, San Francisco, Philly, Pittsburgh, Cleveland, Columbus, Cincinnati, Indianapolis, Milwaukee, Minneapolis, St Louis, Kansas City, Memphis, Charlotte, Raleigh, Tampa, Orlando, Jacksonville, Baltimore, DC, Brooklyn, Queens, the Bronx, Harlem, Buffalo, Salt Lake City, Sacramento, Oakland, Fresno, Tucson, Albuquerque, El Paso, Omaha, Tulsa, Boise, Anchorage, Honolulu, Alabama, Georgia, Michigan, Virginia, Tennessee, Kentucky, Louisiana, Arizona, Oregon, Utah, Maine, Vermont, Montana, Iowa, Nebraska, Montreal, Vancouver, Calgary, Ottawa, Winnipeg, Melbourne, Brisbane, Perth, Adelaide, Auckland, Wellington, Johannesburg, Durban, Nairobi, Accra, Abuja, Kampala, Cairo, Dubai, Mumbai, Delhi, Bangalore, Karachi, Lahore, Dhaka, Manila, Jakarta, Singapore, Hong Kong, Tokyo, Seoul, Bangkok, Berlin, Hamburg, Munich, Vienna, Zurich, Geneva, Amsterdam, Rotterdam, Antwerp, Lille, Lyon, Nice, Madrid, Seville, Valencia, Malaga, Ibiza, Tenerife, Majorca, Porto, Faro, Milan, Naples, Venice, Athens, Crete, Corfu, Malta, Cyprus, Antalya, Prague, Krakow, Budapest, Oslo, Bergen, Stockholm, Malmo, Copenhagen, Helsinki, Reykjavik, Havana, Kingston, Barbados, Jamaica, Cancun, Rio, Lima, Bogota
Shop: Tesco, Target, Walmart, McDonalds, Starbucks, Primark, Aldi, {Newshop}, Asda, Greggs, Ikea, Costa, KFC, Subway, Amazon, the corner shop, Costco, Dominos, Nandos, Boots, Lidl, Morrisons, Waitrose, Sainsburys, the Co-op, Argos, Superdrug, Wetherspoons, Pret, Burger King, Five Guys, Wendys, Taco Bell, Chipotle, Popeyes, Chick-fil-A, Dunkin, Krispy Kreme, Wagamama, Pizza Hut, Papa Johns, Next, H&M, Topshop, Urban Outfitters, Forever 21, Old Navy, Gap, Macys, TK Maxx, Best Buy, Gamestop, Currys, Screwfix, B&Q, Home Depot, Lowes, Homebase, Halfords, WHSmith, Waterstones, Smyths, Claires, Lush, Sephora, Ulta, Whole Foods, Trader Joes, Publix, Kroger, Wawa, 7-Eleven, Walgreens, CVS, Dollar General, Poundland, Wilko, M&S, John Lewis, Selfridges, Harrods, Shein, Etsy, eBay, Vinted, the chippy, the offie, the chinese, the kebab shop, the bagel place
"""

RULES = (
    steep(_PLACES)
    + """
Newtown = {Toa}{Tob} | {Toa}{Tob} | {Toa}{Tob} | {Great|Little|Upper|Lower|East|West|North|South|Old|New} {Toa}{Tob} | {Toa}{Tob} {on Sea|Bay|Heights|Falls|Springs|Beach|Creek|Green|Cross|Hill|Vale|Junction} | {Port|Fort|Lake|Mount|San|Santa|St|Cape} {Toa}{Toe}
Toa = Ab | Ald | Amb | Ark | Bal | Ban | Bec | Bel | Ben | Bin | Bla | Bod | Bor | Bra | Bri | Bro | Bur | Cam | Can | Car | Cas | Cha | Cla | Cor | Cra | Dar | Del | Den | Dor | Dra | Ed | El | Em | Fal | Fen | Fil | Flo | Gal | Gar | Gil | Gra | Had | Hal | Har | Hel | Hol | Hor | Il | In | Kel | Ken | Kil | Kir | Lan | Lar | Led | Lo | Mad | Mal | Mar | Mel | Mid | Mon | Nar | New | Nor | Oak | Or | Os | Pad | Pel | Pen | Per | Pol | Ram | Red | Rip | Ros | Rud | Sal | Sel | Sha | Sil | Ska | Sto | Sud | Tam | Tar | Thor | Til | Tor | Tre | Ul | Ups | Val | Wal | Wen | Wes | Whit | Wil | Win | Wor | Yar | Zel
Tob = ton | ford | ham | ley | ville | bury | field | wick | worth | stead | dale | den | well | mouth | port | bridge | minster | caster | thorpe | holm | gate | hurst | combe | pool | side | burgh | ness | moor | land | brook | stone | stowe | ridge | view | vale | mere | cliffe | grove
Toe = ana | ora | ella | ino | ado | en | os | ara | ito | al | ane | is
Newshop = {Sya}{Syb}'s | {Sya}{Syb} | {Sya}{Syb} {Cafe|Bakery|Coffee|Kitchen|Books|Pizza|Grill|Barbers|Records|Deli|Express|Mart|Nails|Motors|Fitness|Vapes|Flowers} | the {Adjname} {Animal} | {Adjname} {Animal} {Coffee|Tattoo|Bakery|Books|Brewing|Records} | {Sya}{Syb} & {Sya}{Syb} | {Noun3} & {Noun3}
Sya = Ba | Be | Bo | Bri | Ca | Cha | Co | Da | De | Di | Do | Du | Fa | Fe | Fi | Fla | Ga | Gi | Go | Gra | Ha | Ho | Ja | Je | Jo | Ka | Ki | Ko | La | Le | Li | Lu | Ma | Me | Mi | Mo | Na | Ne | Ni | No | Nu | Pa | Pe | Pi | Po | Qua | Ra | Re | Ri | Ro | Ru | Sa | Se | Sha | Si | So | Su | Ta | Te | Ti | To | Tri | Va | Ve | Vi | Vo | Wa | We | Xa | Ya | Yo | Za | Ze | Zi | Zo
Syb = bba | bel | bino | cca | cker | dex | din | dora | fa | ffin | fy | gan | gio | go | kka | kins | la | leo | lix | lly | lo | lova | lux | mba | mi | mmer | na | ndo | neo | nex | nia | nova | nzo | pix | pper | qo | ra | rco | rdi | ria | rix | ro | rra | ry | sca | sha | so | ssi | sta | ta | tech | tino | tix | tta | va | vex | via | vo | wix | xa | xo | ya | zen | zio | zza
Adjname = Black | Blue | Red | White | Golden | Silver | Lucky | Hungry | Happy | Sleepy | Crooked | Dirty | Flying | Dancing | Burning | Broken | Electric | Velvet | Crystal | Paper | Wooden | Iron | Copper | Lazy | Angry | Hidden | Midnight | Wandering | Rusty | Salty | Thirsty | Wicked | Holy | Royal | Little | Big | Second | Last | Plastic | Neon
Animal = Fox | Wolf | Lion | Horse | Dog | Cat | Goat | Swan | Owl | Crow | Raven | Bear | Stag | Duck | Pig | Bull | Whale | Lobster | Pelican | Badger | Otter | Hare | Magpie | Tiger | Snake | Bee | Moth | Rooster | Elephant | Monkey | Anchor | Crown | Lantern | Kettle | Spoon | Barrel | Orchard | Tulip | Cactus | Pilot | Monk | Queen
Noun3 = Moon | Salt | Stone | Smoke | Bread | Honey | Fire | River | Ash | Oak | Thorn | Rose | Bone | Silk | Rust | Sugar | Ivy | Clay | Wolf | Pine | Ember | Sage | Fig | Storm | Coral | Lemon | Vine | Feather | Copper | Lark
Band = the {Animal}s | {Adjname} {Animal} | {Adjname} {Noun3} | the {Adjname} {Animal}s | {Sya}{Syb} | DJ {Sya}{Syb} | {Sya}{Syb} {and the|&} {Noun3}s | {Noun3} {Noun3} | MC {Sya}{Syb} | Lil {Noun3} | {Toa}{Tob} {Noun3}s | {n99} {Animal}s
Film = the {Adjname} {Animal} | {Noun3} and {Noun3} | {Adjname} {Noun3} | {Noun3} of {Noun3} | {Adjname} {Animal} {n12} | a {Noun3} in {City} | the {City} {files|murders|tapes|diaries|job|letters} | {Num} {days|nights|years} in {City} | my {Plain} {Event} | the {Animal} | {friend} and the {Animal}
Songtitle = {Noun3} | {Adjname} {Noun3} | {City} nights | {Noun3} in {Month} | {Plain} {Body} | {Plain} in {City} | your {Owned} | {Day} love | dear {friend} | {Noun3} & {Noun3} | {Num} {hours|days|miles} | call me {Bad} | stay {Good} | without {Rich}
Product = {Sya}{Syb} {n99} | {Sya}{Syb} {Edition} | {Adjname} {Animal} {n12} | {Sya}{Syb} X{n12} | {Sya}{Syb} {n12}{s|x| plus| lite| mini| max| pro| ultra|.0} | the {Sya}{Syb} {Owned}
Edition = Pro | Max | Plus | Air | Mini | Go | One | Lite | Ultra | Home | XL | Studio | Duo | Neo | Prime | SE
User = {Sya}{Syb}{n99} | {Sya}{Syb}_{n99} | the{Sya}{Syb} | {Sya}{Syb}_x | its{Sya}{Syb} | real{Sya}{Syb}{n12} | {Sya}{Syb}{Sya}{Syb} | x{Sya}{Syb}{n99}x | {Month}{Sya}{Syb} | {Sya}{Syb}_{Toa}
Codeword = {SAVE|HELLO|SUMMER|WINTER|FRIEND|TREAT|GLOW|FRESH|SPRING|VIP|EXTRA|BONUS|LUCKY|TAKE|DEAL}{n99}
When2 = {Hour} | {Day} {n12}th | {n12}/{n12} | {Month} {n12} | {n12}.{n12} | {Day} at {Hour}
Score = {n12}-{n12} | {n12}-0 | {n12}-1 | {n12} nil | {n12} all | {n12} to {n12} | {n99}-{n99}
Percent = {n99}% | {n99}.{n12}% | {n12} percent | {n12} in {n12} | {n12} out of 10
Sum = ${n} | £{n} | {n} quid | ${n12}k | £{n99}k | ${n12}.{n12}m | ${n99}.99 | £{n99}.50 | {n} bucks | {n12} grand | €{n}
Size = {n99}cm | {n99}kg | {n99}mm | {n99} miles | {n12}ft | {n12} inch | {n99}gb | {n12}tb | {n99}mph | {n}ml | {n99}mb | {n12} stone {n12} | {n} calories | {n} steps
"""
)

GIVEN: tuple[str, ...] = tuple(
    "James Olivia Jack Emma Harry Amelia George Sophie Liam Grace Noah Chloe Mason Ruby Tyler Hannah Kyle Megan Jordan Ashley Brandon Kayla "
    "Marcus Jasmine Deshawn Aaliyah Connor Niamh Callum Isla Rhys Cerys Ethan Zoe Logan Abby Dylan Paige Owen Lucy Wayne Tracy Gary Linda "
    "Priya Arjun Femi Ngozi Declan Maeve Thomas Daniel Oliver William Joseph David Michael Robert John Peter Paul Mark Simon Andrew Stephen "
    "Kevin Brian Barry Keith Trevor Nigel Derek Colin Stuart Craig Darren Lee Ryan Scott Adam Luke Matthew Nathan Aaron Ben Sam Max Leo Theo "
    "Finn Oscar Freddie Archie Alfie Jude Toby Felix Hugo Rory Ewan Angus Hamish Gareth Dafydd Seamus Cormac Padraig Ahmed Omar Yusuf Ibrahim "
    "Hassan Bilal Imran Rohan Vikram Sanjay Ravi Kiran Kwame Kofi Chidi Emeka Tunde Sipho Thabo Mateo Diego Carlos Luis Javier Rafael Marco "
    "Luca Giovanni Pierre Hans Lars Sven Erik Ivan Dmitri Pavel Kenji Hiro Wei Jin Minh".split()
)
FAMILY: tuple[str, ...] = tuple(
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke "
    "Patel Khan Murphy Flynn Campbell Stewart Reid Morgan Price Hughes Carter Bailey Fletcher Barker Chapman Holloway Osborne Whitaker Langley "
    "Mercer Hendricks Kowalski Adeyemi Okonkwo Donovan Gallagher Pemberton Sinclair Ashdown Thornbury Miller Davis Garcia Rodriguez Martinez "
    "Hernandez Lopez Gonzalez Perez Sanchez Ramirez Torres Flores Rivera Gomez Diaz Reyes Cruz Ortiz Nguyen Tran Kim Park Choi Chen Wang Liu "
    "Zhang Singh Kaur Sharma Gupta Mehta Begum Hussain Ali Malik Iqbal Okafor Balogun Mensah Boateng Dlamini Nkosi Mbeki Fraser Macdonald "
    "MacLeod Sutherland Munro Doyle Byrne Kelly Walsh Ryan Nolan Kavanagh Quigley Jenkins Griffiths Powell Llewellyn Pritchard Bevan Baker "
    "Turner Cooper Ward Bennett Cook Cox Marshall Foster Gibson Hunter Palmer Spencer Webb Ellis Kennedy Burke Hart Lawson Dawson Norris Bishop "
    "Barnes Schmidt Weber Muller Fischer Rossi Bianchi Ferrari Moreau Dubois Laurent Jansen Larsen Nilsson Novak Horvat Petrov Sokolov".split()
)

_BY_GROUP: tuple[tuple[str, str], ...] = (
    ("football", "{family} FC;{family} United;{family} Rovers;{family} Town;{family} Athletic;AFC {family};{family} Wanderers"),
    ("basketball", "{family} Hoops;{family} Basketball;{family} Hoops Club;{family} Dunk"),
    ("baseball", "{family} Baseball;{family} Ballpark;{family} Baseball Club"),
    ("cricket", "{family} Cricket Club;{family} XI;{family} CC"),
    ("tennis", "{family} Tennis Club;{family} Lawn Tennis;the {family} Open;{family} Rackets"),
    ("formula one", "{family} Racing;{family} GP;Scuderia {family};{family} Motorsport"),
    ("combat sports", "{family} Boxing;{family} MMA;{family} Fight Team;{family} Jiu-Jitsu"),
    ("running", "{family} Harriers;{family} Running Club;the {family} 10K;{family} Half Marathon"),
    ("fitness", "{family} Gym;{family} CrossFit;{family} Barbell;{family} Fitness;{family} Strength"),
    ("video games", "{family} Games;{family} Interactive;{family} Pixels;{family} Game Studio"),
    ("esports", "{family} Esports;Team {family};{family} Gaming"),
    ("board games", "{family} Board Games;{family} Dice;{family} Tabletop;{family} Chess Club"),
    ("anime", "Studio {family};{family} Animation;{family} Manga;{family} Anime"),
    ("cinema", "{family} Pictures;{family} Films;{family} Cinema;{family} Film Festival"),
    ("television", "{family} TV;Channel {family};{family} Broadcasting;{family} Streaming"),
    ("comedy", "the {family} Comedy Club;{family} Improv;the {family} Sketch Show"),
    ("pop music", "{family} Pop;{family} Records;the {family} Band"),
    ("hip hop", "{family} Beats;{family} Cypher;{family} Mob;{family} Rap Records"),
    ("kpop", "{family} Entertainment;{family} Idols;{family} Idol Group"),
    ("classical and jazz", "the {family} Quartet;the {family} Orchestra;{family} Jazz;the {family} Trio;{family} Philharmonic"),
    ("cooking", "{family} Kitchen;{family} Diner;{family} Foods;{family} Spices"),
    ("baking", "{family} Bakery;{family} Bakes;{family} Cakes;{family} Patisserie"),
    ("coffee", "{family} Coffee;{family} Roasters;{family} Espresso;Cafe {family}"),
    ("programming", "{family} Software;{family} Code;{family}.js;{family} Dev Tools"),
    ("artificial intelligence", "{family} AI;{family} Robotics;{family} Neural;{family} Intelligence"),
    ("gadgets", "{family} Electronics;{family} Phones;{family} Audio;{family} Tech"),
    ("startups", "{family} Ventures;{family} Capital;{family} Labs;{family} Accelerator"),
    ("crypto", "{family} Coin;{family} Exchange;{family} Token;{family} Crypto"),
    ("finance", "{family} Bank;{family} Capital;{family} Invest;{family} Funds"),
    ("politics", "the {family} Party;{family} Council;the {family} Campaign;the {family} Commission"),
    ("climate", "{family} Energy;{family} Climate;{family} Oil;{family} Solar"),
    ("work", "{family} Recruitment;{family} & Sons;{family} Consulting;{family} HR"),
    ("weather", "{family} Weather;{family} Storm Watch;{family} Radar"),
    ("education", "{family} School;{family} Academy;{family} College;University of {family}"),
    ("history", "the {family} Museum;{family} Heritage;{family} Archive;the {family} Historical Society"),
    ("space", "{family} Aerospace;{family} Rockets;{family} Space;{family} Observatory"),
    ("science", "the {family} Institute;{family} Lab;{family} Research;{family} Biotech"),
    ("health", "{family} Clinic;{family} Hospital;{family} Pharma;{family} Medical"),
    ("books", "{family} Books;{family} Press;{family} Publishing;{family} Library"),
    ("travel", "{family} Airlines;{family} Travel;{family} Hotels;{family} Tours"),
    ("photography", "{family} Cameras;{family} Photo;{family} Optics;{family} Prints"),
    ("art", "{family} Gallery;{family} Arts;the {family} Collection;{family} Prints"),
    ("fashion", "{family} London;{family} Couture;House of {family};{family} Denim"),
    ("beauty", "{family} Cosmetics;{family} Beauty;{family} Skin;{family} Nails"),
    ("pets", "{family} Pets;{family} Kennels;{family} Animal Rescue;{family} Vets"),
    ("gardening", "{family} Nurseries;{family} Seeds;{family} Gardens;{family} Plants"),
    ("cars and bikes", "{family} Motors;{family} Cars;{family} Cycles;{family} Garage"),
    ("parenting", "{family} Nursery;{family} Toys;{family} Playgroup;{family} Baby"),
)  # fmt: skip

ORGANISATIONS: dict[str, tuple[str, ...]] = {topic: tuple(orgs.split(";")) for topic, orgs in _BY_GROUP}
"""Patterns of names of organisations, by topic."""
