"""What people would type about each topic, in words of their own: written by hand, not taken from the world."""

from __future__ import annotations

_RAW = """
football: who won the soccer game; the keeper's mistake cost us three points; our striker should have scored; derby
    at the stadium on sunday; relegation battle in the league
basketball: three pointers from downtown; dunk contest highlights; who is the best point guard; rebounds and assists
    per game; buzzer beater in overtime
baseball: home run in the ninth inning; the pitcher threw a curveball; bases loaded and two outs; our team's batting
    average; catcher stole second base
cricket: wickets fell quickly in the test match; century by the opening batsman; fast bowlers and spin; twenty overs
    world cup; caught behind by the umpire's call
tennis: grand slam final on clay; her backhand and serve; tie break in the deciding set; match point saved twice;
    wimbledon centre court
formula one: pit stop strategy in the grand prix; pole position in qualifying; safety car and tyre wear; fastest lap
    by the driver; engine penalty on the grid
combat sports: knockout in the second round; heavyweight title fight; boxing gloves and footwork; choke submission
    in the octagon; weigh in before the bout
running: training for a marathon; new shoes for my morning jog; personal best over ten kilometres; sore legs after a
    long run; pace on the trail
fitness: lifting weights at the gym; squats and deadlifts today; home workout without equipment; protein after
    training; building muscle and losing fat
video games: finished the boss level on my console; new open world role playing game; playing with a controller all
    night; speedrun of a classic platformer; waiting for the next release on steam
esports: pro team wins the tournament on stream; league of legends world championship; counter strike qualifiers;
    best player on the roster; grand final of the competitive season
board games: family game night with dice and cards; settlers strategy with friends; chess opening moves; tabletop
    role playing campaign; new expansion for our favourite tabletop game
anime: new season of the manga adaptation; my favourite character in the show from japan; studio animation quality;
    subbed or dubbed episodes; cosplay of the main character
cinema: best films of the year; the director's latest movie; going to the theatre to see a thriller; oscar for best
    actor; plot twist at the end of the film
television: binge watching a new series; season finale last night; which show should I stream; spoilers for the last
    episode; the cast of the drama
comedy: stand up special made me laugh; funniest jokes of the comedian; sketch show on saturday; improv night at the
    club; sitcom reruns
pop music: new album by my favourite singer; the chorus is stuck in my head; tickets for the concert tour; top of
    the charts single; live vocals on stage
hip hop: the rapper's new verse is fire; beats and rhymes on the mixtape; freestyle battle; producer dropped a new
    track; best lyrics in rap
kpop: my bias in the group from seoul; comeback music video with choreography; fan chants at the concert; boy band
    and girl group charts; photocards and lightsticks
classical and jazz: symphony orchestra concert; saxophone solo in a small club; piano sonata practice; violin and
    cello quartet; improvisation on a standard
cooking: what to make for dinner tonight; easy recipe with chicken and rice; chopping onions and garlic; soup
    simmering on the stove; homemade pasta sauce
baking: sourdough loaf out of the oven; chocolate cake for a birthday; dough rising on the counter; cookies and
    pastry; how much flour and butter
coffee: espresso in the morning; best beans for pour over; latte art by a barista; caffeine before work; cold brew
    at the cafe
programming: bug in my python code; refactoring a function at midnight; compiler error messages; pull request
    review; learning a new framework
artificial intelligence: training neural networks; chatbots and large language models; machine learning research;
    will robots take our jobs; prompts for image generators
gadgets: new phone with a better camera; battery life of my laptop; wireless headphones review; smart watch
    notifications; unboxing a tablet
startups: raising a seed round from investors; founder advice for young companies; pitch deck for venture capital;
    our product launch and growth; hiring the first employees
crypto: bitcoin price is falling; wallets and the blockchain; which coin to buy; decentralised exchange hack; mining
    and tokens
finance: stock market dropped today; interest rates and inflation; saving for retirement; dividends in my portfolio;
    quarterly earnings of a bank
politics: who will win the election; parliament votes on the new law; the minister should resign; campaign promises
    and polls; senate debate about policy
climate: carbon emissions and warming; renewable energy from wind and solar; melting ice and rising seas; protest
    for the environment; record heat because of greenhouse gases
work: too many meetings at the office; my boss wants overtime; looking for a new job; remote colleagues on a call;
    salary negotiation and promotion
weather: heavy rain and thunder outside; snow in the forecast; it is so hot today; strong wind warning; sunny skies
    this weekend
education: exams at the university; homework for students; teachers in the classroom; writing a thesis; choosing a
    school
history: ancient rome and its emperors; medieval castles; the second world war; archaeologists found ruins; old
    documents in the archive
space: rocket launch to the moon; telescope pictures of galaxies; astronauts on the station; mission to mars;
    watching the eclipse and the stars
science: experiment in the laboratory; new paper in physics; genes and cells under the microscope; peer review of
    results; chemistry discovery
health: going to the doctor; vaccines and viruses; cannot sleep and headaches; mental wellbeing and therapy;
    hospital nurses
books: reading a novel before bed; favourite author's new story; chapters I could not put down; poetry from the
    library; paperback recommendations
travel: cheap flights for the holidays; hotel near the beach; packing my suitcase; backpacking through europe; lost
    luggage at the airport
photography: portrait with a new lens; golden hour light; black and white film shots; camera settings and exposure;
    editing my pictures
art: painting with oils; drawing in my sketchbook; exhibition at the museum; digital illustration commission;
    sculpture and watercolour
fashion: what to wear to the party; runway show in paris; vintage jacket and boots; designer handbag; my outfit
    today
beauty: skincare routine for dry skin; lipstick and mascara; new perfume; nail polish colours; hair salon
    appointment
pets: my cat sleeps on the keyboard; walking the dog in the park; adopted a puppy; vet visit for the kitten; hamster
    and rabbit cage
gardening: planting tomatoes and herbs; weeds in the flower bed; compost for the soil; roses in bloom; pruning the
    apple tree
cars and bikes: test drive of an electric vehicle; changing the tyres; motorcycle ride on the highway; engine noise
    at the mechanic; cycling to town
parenting: toddler would not sleep; school run with the kids; changing diapers at night; newborn baby; teenage
    daughter and screen time
"""

PHRASES: dict[str, tuple[str, ...]] = {
    name: tuple(" ".join(phrase.split()) for phrase in phrases.split(";"))
    for name, phrases in (part.split(":", 1) for part in _RAW.strip().replace("\n    ", " ").splitlines())
}
"""Topic (`data.synthetic.text.languages.language.TOPIC_NAMES`) to English phrases."""
