"""English: the words of the world's tweets. See `languages` for what each name is."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

CODE = "en"

TOPICS = """
football | Matchday PremierLeague FootballTwitter UCL TransferNews MOTD | Arsenal*o;Liverpool*o;Man United*o;Real Madrid*o;Barcelona*o;Chelsea*o;Man City*o;Spurs*o;Bayern*o;Haaland*p;Mbappe*p;Saka*p;Salah*p;Bellingham*p;Juventus*o;Inter*o;PSG*o;Everton*o;Dortmund*o;Ajax*o;Celtic*o;Wembley*l;Anfield*l;Newcastle*o;Villa*o | midfield;second half;penalty;offside call;back four;transfer window;away end;keeper;derby;free kick;manager;counter attack;bench;title race;league table;VAR decision | watching the match;checking the line-up;arguing about that offside;waiting for kick-off;screaming at the referee;reading transfer rumours;losing my voice in the away end
basketball | NBA NBATwitter HoopTalk DubNation AllStar Hoops | Lakers*o;Celtics*o;Warriors*o;LeBron*p;Steph Curry*p;Jokic*p;Luka*p;Knicks*o;Bucks*o;Giannis*p;Nuggets*o;Suns*o;Heat*o;Tatum*p;Embiid*p;Sixers*o;Wembanyama*p;Mavs*o;Thunder*o;Raptors*o;Bulls*o | fourth quarter;three point shooting;paint defence;triple double;dunk;playoff seeding;rookie class;buzzer beater;trade deadline;starting five;turnover count;box score;free throws;bench unit | watching the playoffs;checking the box score;shooting hoops;staying up for the west coast game;arguing about the MVP;rewatching that dunk
baseball | MLB Yankees Dodgers Mets OpeningDay WorldSeries | Yankees*o;Dodgers*o;Ohtani*p;Red Sox*o;Mets*o;Cubs*o;Aaron Judge*p;Mookie Betts*p;Wrigley Field*l;Fenway*l;Braves*o;Astros*o;Phillies*o;Soto*p;Padres*o;Harper*p;Giants*o;Acuna*p | ninth inning;home run;bullpen;strike zone;double play;pitch clock;curveball;box seats;base hit;stolen base;closer;lead-off man;extra innings;box score;umpire;infield | watching spring training;keeping score by hand;yelling at the bullpen;sitting in the bleachers;waiting out a rain delay;rewatching that home run
cricket | Cricket Ashes IPL T20 TestMatch CricketTwitter | Kohli*p;Root*p;Stokes*p;Bumrah*p;Lord's*l;Mumbai Indians*o;CSK*o;Smith*p;Rohit*p;Babar*p;Ashwin*p;Eden Gardens*l;the MCG*l;Cummins*p;Dhoni*p;RCB*o;Anderson*p;Proteas*o;Black Caps*o | spin bowling;final over;middle order;pitch report;new ball;run chase;first innings;opening stand;no ball;powerplay;batting collapse;yorker;slip cordon;boundary;day five;DRS review | listening to the commentary;watching the test;following the run chase;bowling in the nets;checking the scorecard;staying up for the Ashes;rolling the pitch
tennis | Tennis Wimbledon AusOpen RolandGarros TennisTwitter | Djokovic*p;Alcaraz*p;Swiatek*p;Sinner*p;Nadal*p;Gauff*p;Wimbledon*l;Sabalenka*p;Medvedev*p;Osaka*p;Roland Garros*l;Federer*p;Rybakina*p;Flushing Meadows*l | second serve;baseline rally;tiebreak;backhand;break point;fifth set;clay court;drop shot;centre court;match point;umpire;seeding | watching the final set;playing doubles;working on my serve;following the draw;queueing for centre court;shouting out at an umpire
formula one | F1 FormulaOne RaceWeek MonacoGP Quali | Verstappen*p;Hamilton*p;Ferrari*o;Leclerc*p;McLaren*o;Norris*p;Mercedes*o;Red Bull*o;Silverstone*l;Monza*l;Spa*l;Alonso*p;Piastri*p;Suzuka*l;Williams*o;Sainz*p;Russell*p | pit stop;safety car;tyre strategy;pole lap;undercut;front wing;qualifying session;race start;grid penalty;team radio;DRS zone;podium;out lap;pit wall | watching qualifying;shouting at the pit wall;following the live timing;waiting for lights out;rewatching that overtake;arguing about track limits
combat sports | UFC Boxing MMA FightNight UFC300 FightTwitter | Tyson Fury*p;Conor McGregor*p;UFC*o;Canelo*p;Usyk*p;Jon Jones*p;Anthony Joshua*p;Israel Adesanya*p;Dana White*p;Khabib*p;Madison Square Garden*l;Katie Taylor*p;Ngannou*p;Crawford*p;Bellator*o;WWE*o;Islam Makhachev*p;Holloway*p | title fight;weigh-in;knockout;judges' scorecards;main event;jab;octagon;left hook;undercard;rear naked choke;corner man;split decision;ring walk;takedown defence;rematch;southpaw stance | watching the undercard;hitting the heavy bag;scoring the fight at home;staying up for the main event;rolling at jiu-jitsu;arguing about the judges
running | Running MarathonTraining Parkrun RunChat Marathon | Boston Marathon;Strava*o;Kipchoge*p;parkrun*o;London Marathon;Garmin*o;Hoka*o;Brooks*o;Couch to 5K;Berlin Marathon;Nike Vaporfly;Saucony*o | long run;tempo session;blisters;half marathon;taper week;personal best;running shoes;hill repeats;marathon plan;easy miles;knee;race bib;negative split | running before work;training for a marathon;icing my knees;chasing a new PB;foam rolling;lacing up for ten k
fitness | GymLife LegDay FitFam Strength Gym GymTok | Planet Fitness*o;CrossFit*o;Peloton*o;Gymshark*o;Hyrox;MyFitnessPal;Rogue*o;Les Mills*o;PureGym*o;Whoop*o | deadlift;leg day;protein shake;squat rack;bench press;gym crowd;rest day;pull-ups;kettlebell;warm-up set;core workout;gains;spotter | lifting at six in the morning;counting macros;waiting for the squat rack;skipping leg day;stretching my hamstrings;chalking up for a deadlift
video games | Gaming GamersUnite PS5 Steam IndieGame Nintendo | Zelda;Elden Ring;Minecraft;Baldur's Gate;Fortnite;Nintendo*o;PlayStation;Xbox;Steam Deck;GTA;Hades;Mario Kart;Stardew Valley;Skyrim;Halo;Hollow Knight;Cyberpunk;Pokemon;Overwatch;Resident Evil | boss fight;side quests;save file;final dungeon;open world;patch notes;loot drop;controller;speedrun;ranked lobby;DLC;loading screen;character build;early access | grinding side quests;playing co-op;rage quitting;farming loot;starting another playthrough;beating the final boss
esports | Esports LoLEsports Worlds CSGO Valorant | Faker*p;T1*o;Fnatic*o;Team Liquid*o;Valorant;League of Legends;Counter-Strike;G2*o;Dota 2;NAVI*o;Cloud9*o;s1mple*p;Gen.G*o;the International | draft phase;grand final;roster swap;clutch round;mid lane;bracket;meta;caster desk;baron steal;LAN crowd;pick and ban;best of five;replay review | watching the grand final;following the roster moves;climbing ranked;theorycrafting the draft;watching LAN highlights
board games | BoardGames TabletopGames DnD BGG GameNight Chess | Catan;Wingspan;Gloomhaven;Magnus Carlsen*p;Dungeons & Dragons;Ticket to Ride;Monopoly;Azul;Warhammer;Hikaru*p;Games Workshop*o;Pandemic;Terraforming Mars;Essen Spiel;Carcassonne;Codenames;Hasbro*o;Critical Role*o | rulebook;meeples;dice tower;victory points;expansion;game night;dungeon master;endgame;character sheet;queen's gambit;card sleeves;house rules;miniatures;natural twenty;worker placement;hex map | painting miniatures;teaching the rules again;losing at chess;rolling a natural twenty;sorting tokens;planning our next campaign
anime | Anime AnimeTwitter Manga OnePiece ShonenJump | One Piece;Attack on Titan;Naruto;Studio Ghibli*o;Demon Slayer;Jujutsu Kaisen;Frieren;Chainsaw Man;Spy x Family;Bleach;Evangelion;My Hero Academia;Miyazaki*p;Cowboy Bebop;Haikyuu | season finale;opening theme;filler arc;manga panel;animation;voice actor;sub versus dub debate;cosplay;training arc;villain;character design;new episode | bingeing a new season;catching up on the manga;drawing fan art;crying over a side character;ranking every opening theme
cinema | FilmTwitter Oscars NowWatching BoxOffice Cinema | Nolan*p;Scorsese*p;Greta Gerwig*p;Dune;Oppenheimer;Barbie;Villeneuve*p;Tarantino*p;A24*o;Cannes*l;Cillian Murphy*p;Florence Pugh*p;Kubrick*p;IMAX*o;Margot Robbie*p;Wes Anderson*p;The Godfather;Parasite | third act;cinematography;screenplay;director's cut;soundtrack;opening shot;plot twist;casting;trailer;matinee;post-credits scene;long take;box office | watching an old noir;crying in the cinema;ranking every film;rewatching the director's cut;queueing for the premiere
television | NowStreaming TVTime SeasonFinale Netflix WhatToWatch | Succession;The Bear;Severance;Netflix*o;HBO*o;Breaking Bad;The Office;Stranger Things;Bake Off;Love Island;Doctor Who;Ted Lasso;The Wire;Slow Horses;Game of Thrones;Andor | finale;pilot episode;cliffhanger;writers' room;spin-off;season two;cold open;cancelled show;remote;spoiler;laugh track;reunion episode | bingeing the whole season;avoiding spoilers;rewatching the pilot;falling asleep to a sitcom;shouting at the season finale
comedy | Comedy StandUp SNL ComedyNight Improv FunnyTwitter | SNL;John Mulaney*p;Dave Chappelle*p;Ricky Gervais*p;Ali Wong*p;Monty Python*o;Edinburgh Fringe;Conan*p;Taskmaster;Saturday Night Live;Hannah Gadsby*p;Jerry Seinfeld*p;Comedy Cellar*l;Sarah Millican*p;James Acaster*p;Nate Bargatze*p;The Onion*o;Tina Fey*p | punchline;stand-up set;heckler;sketch;crowd work;open mic;impression;running joke;roast;improv scene;comedy special;opening act;one-liner;callback;stage time;satire | watching stand-up clips;writing new jokes;bombing at an open mic;quoting old sketches;laughing at my own puns;heckling the TV
pop music | NowPlaying NewMusicFriday Grammys PopMusic Vinyl | Taylor Swift*p;Beyonce*p;Dua Lipa*p;Harry Styles*p;Billie Eilish*p;Olivia Rodrigo*p;Ariana Grande*p;Adele*p;Lady Gaga*p;Charli XCX*p;Sabrina Carpenter*p;Rihanna*p;The Weeknd*p;Chappell Roan*p;Lorde*p | bridge;chorus;album cover;tour tickets;deluxe edition;music video;setlist;key change;vinyl;lead single;encore;presale queue;vocals | screaming the bridge;refreshing the presale queue;streaming the album;singing in the car;making a playlist
hip hop | HipHop RapTwitter NowPlaying Bars Rap NewMusic | Kendrick*p;Drake*p;J. Cole*p;Kanye*p;Jay-Z*p;Nas*p;Tyler*p;Travis Scott*p;Nicki Minaj*p;Megan Thee Stallion*p;Future*p;Doechii*p;MF DOOM*p;Wu-Tang*o;Little Simz*p;Stormzy*p | verse;beat switch;sample;mixtape;diss track;flow;producer tag;hook;cypher;ad-libs;feature;boom bap drums;punchlines | digging for samples;rating every verse;writing bars;bumping the mixtape;looping an old drum break
kpop | Kpop BTS BLACKPINK Comeback KpopTwitter Fancam | BTS*o;BLACKPINK*o;NewJeans*o;Stray Kids*o;TWICE*o;Jungkook*p;Seventeen*o;aespa*o;Jennie*p;LE SSERAFIM*o;EXO*o;Jimin*p;ENHYPEN*o;Felix*p;ATEEZ*o;Lisa*p | comeback;choreography;photocard;fancam;lightstick;bias;teaser;fan chant;dance practice;concept photos;music show win;maknae | learning the choreography;trading photocards;voting for my bias;streaming the comeback;queueing for lightsticks
classical and jazz | Jazz ClassicalMusic NowPlaying Opera Piano | Bach*p;Coltrane*p;Miles Davis*p;Mahler*p;Chopin*p;Bill Evans*p;Royal Albert Hall*l;Beethoven*p;Mingus*p;Debussy*p;Ravel*p;Ella Fitzgerald*p;the Proms;Glenn Gould*p;La Scala*l | cello suite;string quartet;trumpet solo;symphony;concert hall;piano sonata;conductor;double bass;overture;rehearsal;second movement;jazz standard | practising scales;tuning the cello;listening to late night jazz;rehearsing with the quartet;learning a Chopin nocturne
cooking | FoodTwitter HomeCooking Recipe Foodie DinnerTonight | Ottolenghi*p;Nigella*p;Gordon Ramsay*p;Le Creuset*o;Julia Child*p;Trader Joe's*o;Instant Pot;Samin Nosrat*p;MasterChef;Jamie Oliver*p;Bon Appetit*o | garlic;pasta sauce;cast iron pan;curry;soup;leftovers;roast chicken;olive oil;chilli;dumplings;stir fry;recipe;risotto;lemon zest;knife | making dinner;roasting vegetables;simmering a ragu;chopping onions;burning the rice;cooking from scratch
baking | Baking Sourdough BakeOff Cake BakeOffTwitter | Mary Berry*p;Paul Hollywood*p;King Arthur flour;Bake Off;KitchenAid*o;Tartine*o;Greggs*o;Nadiya*p;Claire Saffitz*p;Poilane*o;Betty Crocker*o;Ottolenghi's cheesecake | sourdough starter;croissant;banana bread;frosting;oven;cookie dough;cinnamon rolls;meringue;pie crust;crumb;sponge cake;brownies;proofing basket | feeding my starter;kneading dough;frosting a birthday cake;waiting for the dough to rise;baking bread;icing a layer cake
coffee | Coffee CoffeeTime Espresso Barista Cafe | Starbucks*o;Aeropress;Chemex;Blue Bottle*o;La Marzocco*o;James Hoffmann*p;Ethiopia Yirgacheffe;Nespresso*o;Dunkin*o;Moka pot;Costa*o | espresso;flat white;latte art;grinder;cold brew;oat milk;pour over;dark roast;crema;decaf;barista;cortado;third cup | dialling in the espresso;grinding beans;queueing for a latte;drinking my third coffee;weaning off caffeine
programming | Python DevCommunity OpenSource Rust CodeNewbie | Python;Rust;GitHub*o;JavaScript;VS Code;Postgres;Linux;TypeScript;Docker*o;Kubernetes;Stack Overflow*o;Vim;React;Go;Django;SQLite;Haskell | unit tests;merge conflict;pull request;legacy code;stack trace;compiler;deploy;null pointer;code review;regex;race condition;dependency hell;type hints;memory leak | debugging a race condition;refactoring old code;reviewing a pull request;rewriting it in Rust;reading the docs;deploying on a Friday
artificial intelligence | AI MachineLearning LLM DeepLearning GenAI | OpenAI*o;ChatGPT;DeepMind*o;Claude;PyTorch;Hugging Face*o;Gemini;Llama;Nvidia*o;AlphaFold;NeurIPS;Yann LeCun*p;Mistral*o;Stable Diffusion;Anthropic*o | training run;benchmark;prompt;transformer;context window;GPU cluster;loss curve;fine-tuning;hallucination;paper;embedding;agent demo;open weights;gradient | fine-tuning a model;reading arXiv;prompting a chatbot;watching the loss go down;labelling data
gadgets | Tech Apple Android Gadgets iPhone | iPhone;Pixel;Samsung*o;MacBook;AirPods;Apple Watch;Vision Pro;Galaxy Fold;Sony WH-1000;Kindle;Raspberry Pi;USB-C;Garmin*o;Sonos*o;Anker*o | battery life;charging cable;foldable screen;software update;camera bump;headphone jack;keynote;noise cancelling;smartwatch;unboxing;bezel;refresh rate | unboxing a new phone;watching the keynote;charging three devices;cracking my screen again;waiting for a software update
startups | Startups BuildInPublic SaaS Founder VentureCapital | Y Combinator*o;Stripe*o;Sequoia*o;Product Hunt*o;Notion*o;Shopify*o;a16z*o;Paul Graham*p;Airbnb*o;Figma*o;Indie Hackers*o;Techstars*o | seed round;pitch deck;runway;churn;first customer;cap table;growth loop;co-founder;burn rate;landing page;pivot;MVP;term sheet;onboarding | shipping a side project;pitching investors;talking to customers;building in public;chasing invoices
crypto | Bitcoin Crypto Ethereum DeFi BTC | Bitcoin;Ethereum;Solana;Coinbase*o;Dogecoin;Binance*o;Vitalik*p;Satoshi*p;MetaMask;Uniswap*o;Ledger*o;Tether*o;Polygon | wallet;bear market;gas fees;halving;cold storage;altcoin;airdrop;smart contract;rug pull;seed phrase;dip;stablecoin;mempool | holding through the dip;checking my wallet;staking my coins;watching the charts all night;writing down my seed phrase
finance | Stocks Investing WallStreet Earnings FinTwit | Tesla stock;the Fed*o;S&P 500;Warren Buffett*p;Apple earnings;Goldman*o;Vanguard*o;Nasdaq*o;Wall Street*l;JPMorgan*o;the FTSE;BlackRock*o;Jerome Powell*p;Berkshire*o | interest rates;earnings call;index fund;inflation print;bond yields;dividends;portfolio;short sellers;quarterly report;rate cut;mortgage;recession;bull market | buying the dip;reading the earnings report;rebalancing my portfolio;watching bond yields;watching the Fed
politics | Politics Election Vote Parliament BreakingNews | Parliament*o;the Senate*o;the White House*l;Labour*o;the Tories*o;Congress*o;Westminster*l;the Democrats*o;the Republicans*o;the Supreme Court*o;Brussels*l;the UN*o;Downing Street*l;the Guardian*o | election;polling;manifesto;tax bill;press conference;coalition;debate;cabinet reshuffle;policy;voter turnout;filibuster;budget;lobbyists;swing state | watching the debate;knocking on doors;calling my representative;reading the exit poll;voting early
climate | ClimateCrisis ClimateAction NetZero COP31 ClimateEmergency | Greta Thunberg*p;the IPCC*o;COP;Greenpeace*o;the Amazon*l;the Arctic*l;Extinction Rebellion*o;Shell*o;the Great Barrier Reef*l;Exxon*o;Antarctica*l | heatwave;carbon tax;emissions;sea level;wildfire;solar panels;wind farm;ice sheet;fossil fuels;drought;heat pump;carbon budget;flood | marching for climate;installing solar panels;reading the IPCC report;cycling instead of driving;insulating the loft
work | WorkLife RemoteWork WFH MondayMotivation Hiring OfficeLife | LinkedIn*o;Slack;Microsoft Teams;Excel;HR;Outlook;Zoom;Deloitte*o;Amazon*o;PowerPoint;Indeed*o;WeWork*o;Canary Wharf*l;McKinsey*o;Trello;Google Calendar | stand-up meeting;inbox;commute;performance review;spreadsheet;annual leave;deadline;open-plan office;boss;out of office;payslip;job interview;notice period;team building day;expense claim;conference call | pretending to be on mute;answering emails at ten;updating my CV;commuting in the rain;sitting through another meeting;counting down to five o'clock
weather | Weather UKWeather Storm Heatwave SnowDay WxTwitter | Met Office*o;the Weather Channel*o;Storm Eunice;El Nino;Doppler radar;NOAA*o;Hurricane Milton;the Gulf Stream;Tornado Alley*l;Death Valley*l;Carol Kirkwood*p;Jim Cantore*p;the Rockies*l;Buffalo*l;the Pennines*l;AccuWeather*o | thunderstorm;drizzle;humidity;snow;forecast;wind chill;hailstones;fog;black ice;sunshine;umbrella;cold front;rainbow;pollen count;barometer;heat index | scraping ice off the windscreen;checking the forecast;melting in this heat;watching the lightning;shovelling snow;drying out after that downpour
education | EduTwitter Teachers Exams University BackToSchool | Oxford*o;Harvard*o;Ofsted*o;Duolingo*o;Khan Academy*o;the SAT;Cambridge*o;Moodle;GCSEs;Kahoot;Zoom*o;UCAS*o | lecture;essay;exam hall;classroom;marking;seminar;syllabus;deadline;student loan;group project;lesson plan;dissertation;tutor;whiteboard | marking essays;revising for finals;planning lessons;pulling an all-nighter for a deadline;learning Spanish verbs
history | History OnThisDay Archaeology HistoryTwitter Museums WW2 | Rome*l;Napoleon*p;Churchill*p;the British Museum*o;Cleopatra*p;Pompeii*l;Henry VIII*p;Mary Beard*p;the Ottoman Empire*o;Julius Caesar*p;the Vikings;Dan Carlin*p;Stonehenge*l;the Cold War;Abraham Lincoln*p;Byzantium*l;the Tudors;Smithsonian*o | siege;archive;ancient coin;medieval manuscript;battlefield;dynasty;excavation;treaty;empire;museum label;primary source;burial mound;castle;Roman road;revolution;crown | visiting a ruined castle;reading about the Tudors;digging through archives;listening to a history podcast;tracing my family tree;rereading Gibbon
space | Space NASA Astronomy Artemis JWST | NASA*o;SpaceX*o;the ISS;James Webb;Mars*l;Artemis;Starship;Voyager;Hubble;Jupiter*l;the Moon*l;ESA*o;Perseverance;Andromeda*l;Saturn*l | launch window;rocket landing;solar eclipse;space telescope;meteor shower;orbit;exoplanet;rover;moon landing;galaxy;heat shield;astronaut;nebula | watching the launch;stargazing;photographing the Milky Way;tracking the ISS;waiting for a rocket landing
science | Science Biology Physics Research PhDLife | CERN*o;Nature*o;Darwin*p;CRISPR;Marie Curie*p;the Royal Society*o;Feynman*p;the Nobel Prize;Caltech*o;Rosalind Franklin*p;Einstein*p | peer review;lab meeting;microscope;control group;preprint;gene editing;particle physics;fossil;p-value;grant proposal;hypothesis;data set;reviewer two | pipetting all day;writing my thesis;answering reviewer two;running the experiment again;fixing the microscope
health | Health NHS Medicine MentalHealth Wellbeing | the NHS*o;Pfizer*o;the WHO*o;Moderna*o;Medicare;the CDC*o;Doctors Without Borders*o;Boots*o;Mayo Clinic*o;Johns Hopkins*o;Lancet*o;St Thomas' Hospital*l | vaccine;waiting room;blood test;night shift;migraine;flu season;physiotherapy;hay fever;prescription;sleep schedule;A&E;allergy;nurses;side effects | waiting at the doctor's;recovering from the flu;working a night shift on the ward;booking a check-up;sitting in A&E
books | BookTwitter AmReading Books BookTok Reading | Sally Rooney*p;Ursula Le Guin*p;Dune;Tolstoy*p;Jane Austen*p;Murakami*p;Toni Morrison*p;Kindle;Waterstones*o;Stephen King*p;Middlemarch;Zadie Smith*p;Goodreads*o;Tolkien*p;Agatha Christie*p | last chapter;paperback;audiobook;first draft;book club;library;trilogy;footnotes;bookshop;narrator;epilogue;to-read pile;short stories | reading in the bath;finishing a novel;adding to my to-read pile;rereading the classics;hiding in a bookshop
travel | Travel Wanderlust TravelTuesday Backpacking CityBreak | Lisbon*l;Kyoto*l;Bali*l;Iceland*l;Patagonia*l;Rome*l;Ryanair*o;Airbnb*o;Mexico City*l;Marrakesh*l;Heathrow*l;Santorini*l;Hanoi*l;Cape Town*l;Lonely Planet*o;Istanbul*l;Amtrak*o | boarding gate;window seat;passport queue;hostel;carry-on;layover;night train;beach;old town;jet lag;itinerary;travel insurance;road trip;visa | packing the night before;missing my connection;wandering the old town;booking flights;sleeping in an airport
photography | Photography StreetPhotography FilmIsNotDead FilmPhotography Portrait | Leica*o;Fujifilm*o;Canon*o;Kodak Portra;Lightroom;Sony Alpha;Nikon*o;Ansel Adams*p;Hasselblad*o;Vivian Maier*p;Magnum*o | golden hour;shutter speed;prime lens;film roll;darkroom;portrait;long exposure;bokeh;tripod;street shot;contact sheet;aperture;composition | shooting film;editing portraits;chasing the light;scanning negatives;cleaning my lens;waiting for golden hour
art | ArtTwitter DigitalArt ArtistOnTwitter Sketchbook Illustration | Hockney*p;Procreate;the Tate*o;Van Gogh*p;Frida Kahlo*p;Monet*p;Wacom*o;MoMA*o;Basquiat*p;Rothko*p;Kusama*p;the Louvre*l | sketchbook;watercolour;commission;oil painting;gallery;colour palette;brush strokes;exhibition;canvas;portrait study;line art;gouache;sculpture | sketching on the train;painting in oils;finishing a commission;mixing colours;drawing hands badly;stretching a canvas
fashion | Fashion OOTD StreetStyle MetGala FashionTwitter | Gucci*o;Prada*o;Zara*o;Vogue*o;the Met Gala;Balenciaga*o;Dior*o;Vivienne Westwood*p;Zendaya*p;Levi's*o;Uniqlo*o;Chanel*o;Birkenstock*o;Depop*o | runway;outfit;sneakers;denim jacket;thrift store;red carpet;heels;handbag;vintage coat;streetwear;hemline;sunglasses;knitwear | thrifting a vintage coat;planning my outfit;sewing a dress;judging the red carpet;ironing a linen shirt
beauty | Beauty Skincare MakeupTwitter GRWM NailArt Sephora | Sephora*o;Fenty Beauty*o;CeraVe*o;The Ordinary*o;Glossier*o;MAC*o;Rare Beauty*o;Charlotte Tilbury*p;Dyson Airwrap;Maybelline*o;Rihanna*p;Clinique*o;Drunk Elephant*o;Hailey Bieber*p;Ulta*o;La Roche-Posay*o | mascara;retinol;sheet mask;eyeliner;foundation shade;nail polish;sunscreen;lip gloss;blush;serum;fringe;contour palette;moisturiser;hair dye;false lashes;setting spray | doing my skincare routine;dyeing my hair at home;practising winged eyeliner;painting my nails;testing a new serum;booking a haircut
pets | CatsOfTwitter DogsOfTwitter Caturday Puppy RescueDog | Pedigree*o;Chewy*o;the RSPCA*o;Battersea*l;Felix;Whiskas*o;Kong*o;Crufts;Corgi;Labrador;Maine Coon | puppy;cat;litter box;walkies;kitten;zoomies;vet;treats;rescue dog;belly rubs;hairball;squeaky toy;tail;rabbit | walking the dog;feeding the cat at five;adopting a kitten;brushing dog hair off everything;teaching the puppy to sit
gardening | GardeningTwitter GrowYourOwn Allotment Houseplants Gardening | Monty Don*p;Kew Gardens*l;Chelsea Flower Show;Monstera;the RHS*o;Gardeners' World;Dahlia;David Austin roses;Piet Oudolf*p;Sissinghurst*l;Burpee*o;Charles Dowding*p | tomatoes;compost;seedlings;slugs;allotment;houseplant;roses;greenhouse;pruning shears;tulips;lawn;raised bed;potting soil;aphids | repotting the monstera;weeding the beds;sowing tomatoes;fighting slugs;watering the seedlings
cars and bikes | Cars EV Cycling CarTwitter BikeLife | Tesla*o;Porsche*o;BMW*o;Toyota*o;Ford Mustang;Brompton*o;Shimano*o;Rivian*o;Mazda Miata;Land Rover*o;Specialized*o;Honda Civic;Ducati*o | engine;gearbox;charging station;bike lane;test drive;brake pads;puncture;horsepower;road bike;exhaust;traffic;clutch;derailleur;wheel alignment | fixing a puncture;test driving an EV;changing the oil;cycling to work;sitting in traffic
parenting | ParentLife MumLife DadJokes Toddler Parenting | Bluey;Peppa Pig;Lego*o;Calpol;Ikea*o;Cocomelon;Paw Patrol;Legoland*l;Frozen;the school gate;Ms Rachel*p;Julia Donaldson*p | toddler;nap time;school run;bedtime story;nappy bag;tantrum;packed lunch;newborn;teething;nursery;playground;homework;tooth fairy;pram | surviving the school run;reading a bedtime story;negotiating with a toddler;stepping on Lego;warming a bottle;building a den in the living room
"""

FRAMES: dict[int, tuple[str, ...]] = {
    1: (
        "{e} <3", "yes {e}", "love {e}", "{e} wins", "the {t} <3", "ahh the {t}", "{e} forever", "wow the {t}",
        "thank you {e}", "well done {e}", "{e} you beauty", "{e} made my day", "big day for {e}", "more {e} please",
        "ok {e} I see you", "{e} saved my week", "{d} <3", "that felt {x} {a}", "u have to love {e}",
        "so grateful for {e}", "yay, {d}", "so happy about my {t}", "your {t} will be fine",
        "{e} never lets me down", "proud of {e} {w}", "{e} has my whole heart", "her {t} had me smiling",
        "can't get enough of {e}", "{e} deserves everything", "give {e} all the awards", "nobody does it like {e}",
        "{a} news about {e}", "goosebumps from your {t}", "I'm in love with the {t}", "I knew {e} had it in them",
        "can {e} run for president", "I needed the {t} {w}", "highlight of the week: {e}",
        "still smiling about the {t}", "they finally sorted the {t}", "nothing but respect for {e}",
        "how lucky are we to have {e}", "my mum loves {e} and so do I", "I'd recommend {e} to anybody",
        "the {t} got better {w}", "my {t} {w}, perfection", "nothing beats {d}", "I laughed so hard at their {t}",
        "love {d} {w}", "we don't talk enough about {e}", "can't believe I got to see {e}",
        "the {t} alone made it worth it", "feeling {a} after the {t}", "obsessed with the {t} {w}",
        "I would do anything for his {t}", "{e}. that's it, that's the tweet", "just got {n} out of {n} on the {t}",
        "cheers to {e} and our {t}", "being around {e} makes it better", "I've waited {n} years for some {t}",
        "the {t} looked {a} {w}", "best {w} ever thanks to {e}", "happy to report the {t} went well",
        "what a time to be {d}", "my dad cried at her {t}, so did I", "this made me miss {d}",
        "im {d}, don't wait up", "the {t} turned out {x} {a}", "so {e} went and did that {w}",
        "this is why I love {d}", "I'm not crying, you're crying. {e}", "shout out to {e} for my {t}",
        "she will be so glad to hear of {e}", "I could spend hours {d}", "the {t} got me out of bed {w}",
        "I smiled all the way through the {t}", "found a new love for {d}", "more than anything I want {e} to win",
        "it's {a} to have {e} in my life", "looking forward to your {t} {w}",
        "every single time {e} comes up I grin", "already planning more {d}",
        "good things happen when you trust {e}", "his {t} got {x} {a} this year",
        "you can tell that {e} put in the work", "only {e} could make me like {t}",
        "that smile on his face when he saw {e}", "{d} {w} and I'm happy", "as long as I have {e} I don't need much",
        "my favourite thing {w} was the {t}", "life is good when you're {d}", "I earned this: {d} {w}",
        "I have been {d} and it helps", "our {t} survived, I'm taking it as a win",
        "in a good place right now because of {e}", "finally {d}, feeling {a}",
        "hard to explain how {a} the {t} felt", "{e} and the {t}, that's all I need",
        "most of my joy comes from {d}", "the best part of {w}: {d}", "if you have {e} by your side you will be ok",
        "{d} with my best friend {w}", "therapy is expensive, {d} is free", "I really like what {e} did with my {t}",
        "getting into {e} was the best choice of my life", "it is {a} to be {d} in the sun",
        "they said it would never happen, then {e} did it", "some people will never understand {d}",
        "this is one of the best things about {d}", "if you haven't tried {d}, do it {w}",
        "there are days when {d} is all that I need", "nothing in the world like {d} with your friends",
    ),
    0: (
        "so, {e}", "the {t}?", "{e} then", "hm, the {t}", "{t} o'clock", "the {t} again", "{e} {w}", "remember {e}?",
        "does {e} count?", "{n} days until {e}", "tell me about {e}", "what would {e} do", "your {t} or mine?",
        "thinking about {e}", "{e} or {e2}?", "of all people, {e}", "{d} now", "my entire feed is {e}", "still {d}",
        "who else saw the {t}?", "u up? {d}", "thread on his {t} soon", "we need to discuss {e}",
        "just here for their {t}", "back to {d}", "I had a dream about {e}", "the {t} at {n}, who knew",
        "can you get me some {t}", "{e} has entered the chat", "reminder that {e} exists",
        "I used to care about {e}", "can someone check on {e}", "{d} {w}", "so {e} and the {t}",
        "what's the deal with {e}?", "day {n} of {d}", "we go way back, {e} and I", "did you get your {t} yet?",
        "{w}: {d}", "watching {e} from the sofa", "if I see the {t} once more", "don't ask me about his {t}",
        "one day I'll understand {e}", "spent {n} minutes on our {t}", "there's something about {e}",
        "guess who's {d}", "overheard on the train: {e}", "that is their {t}, not ours",
        "looking for tips on some {t}", "anyone else {d}?", "me {d} {w}", "I keep seeing {e} everywhere",
        "not sure what to make of {e}", "I said what I said about {e}", "I've got opinions on her {t}",
        "let me know when {e} is over", "I have no idea what {e} said", "im {d} {w}",
        "wait until you hear about {e}", "asking for a friend: the {t}?", "does anyone know about my {t}?",
        "in my opinion {e} will be back", "is that really what {e} wants?", "what will they do with her {t}",
        "is it just me or did {e} change", "nobody: ... me: {d}", "picked up {d} again", "you get used to {d}",
        "half of my week went on your {t}", "he said {e}, she said {e2}", "not me {d} {w}",
        "where were you when {e} happened", "I wonder how {e} feels {w}", "what do you all think of the {t}?",
        "my coworker keeps {d}", "from {e} to {e2} in one day", "some {t} and a seat by the window",
        "first the {t}, then the {t2}", "explain the {t} to me like I'm five", "my plans {w}: {d}",
        "most people have never heard of {e}", "these days it's all {d}", "how much is {e} really worth to you",
        "reading about {e} and the {t}", "currently {d}, send help", "he was {d} when I called",
        "heard {n} people mention {e} {w}", "the {t} before the {t2}, always",
        "why did nobody tell me about their {t}", "apparently {e} did something {w}",
        "she has her {t}, he has his {e}", "my brother won't stop talking about {e}",
        "you know it's serious when {e} comes up", "so are we all just {d} now?", "how do people even start {d}",
        "I know nothing about {e} but here we are", "as of {w} I'm into {d}", "somebody asked me about his {t} {w}",
        "I've been {d} since {w}", "every conversation {w} ends with {e}", "if it were up to me I'd be {d}",
        "in {n} years we will all be {d}", "it's either {e} or {e2} at this point",
        "it will be {e} in the end, you know it will", "only {n} people like {t} and I am one of them",
        "there is a lot to be said for {d}", "between {e} and {e2} I don't know anymore",
        "me: no more {e}. also me: {d}", "when you think about it {e} was always like that",
        "by the time you read it I will be {d}", "she asked about the {t} so I talked for {n} minutes",
        "it was never about {e}, it was about some {t}",
    ),
    -1: (
        "oh {e}", "bye {e}", "RIP {e}", "no {e} no", "RIP the {t}", "ugh, the {t}", "overrated: {e}",
        "they ruined {e}", "so sad about {e}", "not the {t} again", "I miss the old {e}", "crying over our {t}",
        "{e} used to be good", "is {e} even trying?", "it hurts, {e} hurts", "all that for my {t}",
        "u can keep your {t}", "hate {d}", "I give up on her {t}", "so done with the {t}", "it's not fair on {e}",
        "that was not ok, {e}", "sick of {e} {w}", "the {t} hurt to watch", "I'm worried about {e}",
        "{e} makes me so angry", "enough {d}", "{e} what are you doing", "{e} owes me an apology",
        "bitter about {e} still", "the {t} cost me {n} quid", "I'm begging {e} to stop", "remember when {e} cared",
        "how hard can the {t} be", "his {t} makes me so mad", "lost sleep over your {t}", "tired of {d}",
        "nobody asked for the {t}", "I can't with {e} anymore", "how is {e} still allowed",
        "absolutely fuming at {e}", "{e} in the mud {w}", "{e} let me down {w}", "the {t} ruined my evening",
        "the absolute state of {e}", "why does {e} do this to me", "disappointed in {e}, again",
        "dreading the {t} {w}", "your {t} will not save you", "got home, saw {e}, got sad", "never {d} again",
        "what a {a} day for {e}", "the {t} got worse {w}", "don't get me started on {e}", "{a} from {e}, as always",
        "{e} broke my heart {w}", "the {t} keeps me up at night", "I have had it with their {t}",
        "we lost {e} to his {t}", "my stomach dropped at the {t}", "I feel {a} after the {t}",
        "not even the {t} can fix this", "im so sick of {d}", "her {t} will be the end of me",
        "the {t} made me want to scream", "why am I still {d}", "every week {e} finds a new low",
        "you can't be serious about {e}", "I'm angry at {e} and at myself", "she was right, {e} never cared",
        "I'm scared to look at their {t}", "can't sleep because of some {t}", "the {t} felt {a} {w}",
        "wasted {n} hours {d}", "honestly expected more from {e}", "who let {e} near the {t}", "stop {d}, just stop",
        "I hate how much I care about {e}", "this is the {a} side of {e}", "forgot the {t} and now I'm stuck",
        "well that's {e} cancelled for me", "{d} and regretting it", "in the end {e} did nothing for us",
        "as if {d} will fix it", "how did {e} mess up the {t}", "my head hurts from {d}",
        "I paid for our {t} and got nothing", "if you have to ask, {e} has failed",
        "if {e} does this once more I'm done", "{e} lied to us about her {t}", "don't talk to me about {e} {w}",
        "I can't afford {e} or the {t}", "of course the {t} went wrong {w}", "nobody warned me about {d}",
        "{n} complaints about my {t} and no answer", "it is really sad to see {e} in that state",
        "nothing is as {a} as {d}", "there is no way that {e} gets away with it",
        "everything about your {t} went {x} wrong", "nothing ever works when I'm {d}",
        "some of you have never had to deal with {t}", "she left because I was always {d}",
        "they will never get it, it's only {t} to them", "being let down by {e} hurts more than I thought",
        "I was {d} and then it all fell apart", "my anxiety and {d} don't go together",
        "most of the time {d} is just {a}", "worst {w} of my life and it's because of {e}",
        "how is anyone supposed to get by with {t} like that", "why do they keep {d}, it's really not funny",
    ),
}  # fmt: skip

REPLIES: dict[int, tuple[str, ...]] = {
    1: (
        "love this", "so true", "exactly this", "congrats!", "{e} forever", "couldn't agree more", "haha yes", "the {t} though",
        "this made my day", "you're so right about {e}", "best take {w}", "thank you for saying it", "that sounds {a}", "yesss", "I'm so happy for you",
        "you deserve it", "finally someone said it", "same, {e} got me through {w}", "tell {e} I said hi", "omg yes the {t}", "we love to see it",
        "ok this is {x} {a}", "following you just for this", "you always find the best stuff", "I felt that", "can't wait to hear more", "that {e} bit got me",
        "enjoy every minute", "put it in a museum", "me too, {d} {w}",
    ),
    0: (
        "what about {e}?", "was it the {t}?", "source?", "wait what", "same here, {d}", "since when?", "how come?", "depends on the {t} I guess",
        "who told you that", "hmm {e}", "did you see {e} {w}?", "lol", "first time hearing about it", "and the {t}?", "ok but {e2}", "tell me more",
        "I was just {d}", "could be {e}", "it's complicated", "you mean {e}?", "asking because of the {t}", "ask me again {w}", "let me check",
        "I thought you were {d}", "maybe, maybe not", "they said {n}, didn't they", "sent you a message", "not what I heard about {e}", "is there a link?",
        "when did the {t} happen", "my sister said the same", "where can I read that",
    ),
    -1: (
        "no way", "hard disagree", "{e} though? really?", "this aged badly", "the {t} felt {a} and you know it", "delete this",
        "nah", "you can't be serious", "worst take {w}", "sorry but no", "{e} again? really?", "this is {a}", "I'm so sorry to hear that",
        "that's not what happened with {e}", "you never watched the {t} then", "stop it", "how can you defend {e}", "makes me sick", "blame {e} for that",
        "who hurt you", "I had the same with the {t}, {a}", "don't even start on {e}", "hope you feel better soon", "not this again", "I'd be furious",
        "says the one {d}",
    ),
}  # fmt: skip

CHAT: tuple[str, ...] = (
    "ok going to bed", "good morning", "I need a nap", "why am I awake", "can't believe it's over already", "so bored {w}",
    "who's up?", "what a day", "hello from the bus", "my phone is at 2%", "is it Friday yet", "I miss my mum",
    "that's enough internet {w}", "raining again", "having one of those days", "mood", "no thoughts, head empty",
    "I have so many questions", "send snacks", "big if true", "note to self: sleep", "somebody entertain me",
    "feeling {a} {w}", "not sure how I feel about this", "someone tell me it gets easier", "hi", "lol what",
    "thinking thoughts {w}", "I should be working", "neighbours are loud {w}", "new week new me", "I can't stop laughing", "my anxiety is through the roof",
    "people are so fake", "you never know what someone is going through", "happy birthday to my best friend", "I just want to be happy",
    "my heart can't take this", "why do I always do this to myself", "don't let anyone dull your shine", "I hate waiting", "I'm shaking",
    "my boss is going to kill me", "when your friends forget about you", "somebody come over", "I cried in the car {w}", "I love my friends so much",
    "can't stop smiling {w}", "my little sister is growing up too fast", "she really said that to my face", "he never texts back", "I don't want to go to work",
    "people who don't say thank you, why", "woke up angry and I don't know why", "my head is killing me", "just be kind", "it is what it is",
    "never going back there", "I swear everyone is getting married", "I feel like a ghost", "my flatmate ate my lunch", "missing home {w}",
    "trying to stay positive {w}", "if you see me cry no you didn't", "learn to let go", "life is too short to be mad", "three hours of sleep and a dream",
    "the bus driver waved at me so today is a good day", "I lost my keys again", "been on hold for {n} minutes", "your customer service is a joke",
    "still no reply from support", "my train is delayed again", "I hope everyone has a lovely day", "I'm so tired of being tired",
    "every day is a chance to start over", "why are men", "I have nothing to wear", "told my therapist about it", "why is everything so expensive",
    "I burned my tongue", "my cat judged me", "he makes me so happy", "they don't deserve you", "trust your gut", "we move", "pray for me",
    "God is good", "so nervous about {w}", "can't breathe from laughing", "dreams do come true", "I talk too much", "not feeling great {w}",
    "been crying for an hour", "you ever just sit there", "some people need to grow up", "I was today years old", "this city never sleeps",
    "my mum just called me by the dog's name", "ordered food, it's late", "everything hurts", "have a nice weekend everyone", "do not disturb",
    "I got the job", "I failed my driving test", "what is wrong with people", "lost another follower", "back online", "I'm scared of the dark",
    "nobody talks to me like you do", "I miss being a kid", "it's my birthday", "who hurt you", "the audacity", "glad that's over",
)  # fmt: skip

ADJECTIVES: dict[int, tuple[str, ...]] = {
    1: tuple("amazing brilliant beautiful unreal perfect great lovely iconic wonderful superb joyful blessed hopeful incredible magical".split()),
    0: tuple("interesting odd fine different quiet typical random average busy curious normal strange".split()),
    -1: tuple("awful terrible boring rubbish broken painful embarrassing tragic horrible useless grim shocking dreadful sad depressing".split()),
}  # fmt: skip

INTENSIFIERS: tuple[str, ...] = (
    "so", "really", "just", "actually", "pretty", "genuinely", "low key", "ridiculously", "very", "kind of", "absolutely",
)  # fmt: skip

WHEN: tuple[str, ...] = (
    "today", "tonight", "this morning", "this week", "again", "all day", "right now", "this weekend", "at lunch",
    "on a Monday", "before bed", "since dawn", "yesterday", "this year", "last night", "at 3am", "after work", "on the train",
)  # fmt: skip

JOINS: tuple[str, ...] = (
    ". ", ", ", " and ", " but ", "... ", "! ", ". also ", " because ", ". anyway ", " so ", "\n", " - ", ". then ", "; ", " when ", " while ",
)  # fmt: skip

FILLERS: tuple[str, ...] = (
    "tbh", "lol", "honestly", "ngl", "imo", "fr", "btw", "literally", "I mean", "mate", "folks", "y'all", "haha", "smh",
    "innit", "omg", "well", "look", "ok so", "hot take:", "PSA:", "welp", "dear diary,", "friends,", "yo", "ugh", "like", "pls", "man", "sis", "bro",
)  # fmt: skip

TOXIC: dict[str, tuple[str, ...]] = {
    "insult": (
        "you are an idiot", "what a clown", "you absolute moron", "shut up, nobody likes you", "you're pathetic", "dumbest person on this site",
        "what a loser", "you have the brain of a brick", "you're a joke", "go away you fool", "stupid take from a stupid person", "you're embarrassing yourself, muppet",
        "worthless liar", "imagine being this thick",
    ),
    "profanity": (
        "this is fucking ridiculous", "what the hell is wrong with this", "absolute shit", "fuck this", "bloody hell", "damn it all",
        "I'm so fucking tired", "piss off", "holy shit", "what a load of crap", "for fuck's sake", "this shit again", "screw all of this",
    ),
    "threat": (
        "you will regret this", "watch your back", "I know where you live", "you're going to pay for this", "wait until I find you", "say that again and see what happens",
        "somebody is going to shut you up for good", "you won't be smiling when I'm done", "you'd better run", "I'm coming for you", "sleep with one eye open", "this ends badly for you",
    ),
    "identity": (
        "people like you ruin everything", "your kind doesn't belong here", "go back to where you came from", "they are all the same, every one of them",
        "your sort should not be allowed to vote", "typical of your people", "we don't want them here", "that whole group is trash", "none of you people can be trusted",
        "keep them out of our country", "I'm sick of your lot", "they breed like rats, your kind", "no wonder, look where they're from",
    ),
}  # fmt: skip

SPAM: tuple[str, ...] = (
    "Get 1000 followers free", "click the link in my bio", "make $500 a day from home", "limited offer, act now", "I earned $3,000 last week, ask me how",
    "DM me for a guaranteed return", "free gift card for the first 100", "follow back, 100% guaranteed", "best price online, free shipping", "lose 10 kg in 2 weeks",
    "you won't believe this trick", "win a brand new phone {w}", "double your money {w}", "cheap watches, top quality", "sign up {w} and get a bonus",
    "retweet to win", "hot singles near you", "buy verified accounts here", "work from home, no experience needed", "join our group for free signals",
)  # fmt: skip

GIVEN: tuple[str, ...] = tuple(
    "James Olivia Jack Emma Harry Amelia George Sophie Liam Grace Noah Chloe Mason Ruby Tyler Hannah Kyle Megan Jordan Ashley Brandon Kayla "
    "Marcus Jasmine Deshawn Aaliyah Connor Niamh Callum Isla Rhys Cerys Ethan Zoe Logan Abby Dylan Paige Owen Lucy Wayne Tracy Gary Linda "
    "Priya Arjun Femi Ngozi Declan Maeve".split()
)
FAMILY: tuple[str, ...] = tuple(
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke "
    "Patel Khan Murphy O'Brien Campbell Stewart Reid Morgan Price Hughes Carter Bailey Fletcher Barker Chapman Holloway Osborne Whitaker Langley "
    "Mercer Hendricks Kowalski Adeyemi Okonkwo Donovan Gallagher Pemberton Sinclair Ashdown Thornbury".split()
)
NAME = "{given} {family}"
ORGS: tuple[str, ...] = (
    "{family} Media", "{family} & Sons", "{family} United", "{family} Labs", "{family} Group", "{family} Academy", "{family} Records", "{family} Foundation",
    "{family} Athletic", "{family} Collective", "Team {family}", "{family} Studios", "{family} Institute", "{family} Brothers", "the {family} Society",
)  # fmt: skip
SPOTS: tuple[str, ...] = (
    "{family} Park", "{family} Street", "{family} Hall", "{family} Arena", "{family} Square", "{family} Bridge", "{family} Hill", "{family} Gardens",
    "{family} Point", "{family} Market", "{family} Lane", "Port {family}", "Lake {family}", "Mount {family}", "{family} Station",
)  # fmt: skip
