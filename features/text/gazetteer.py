"""Lists of names: places, organisations, people, given names, and words that show what kind of name is beside them.

Written from general knowledge, for the languages that the network speaks most; small, and meant to be added to. An
entry with `*` after it is also a common word: it counts only with a capital inside a sentence, one of at most
three letters only in capitals.
"""

# ruff: noqa: SIM905 - words are easier to read as one string

from __future__ import annotations

PLACES = """
afghanistan; albania; algeria; andorra; angola; argentina; armenia; australia; austria; azerbaijan; bahamas;
bahrain; bangladesh; barbados; belarus; belgium; belize; benin; bhutan; bolivia; bosnia; botswana; brazil; brunei;
bulgaria; cambodia; cameroon; canada; chad*; chile*; china; colombia; congo; costa rica; croatia; cuba; cyprus;
czech republic; czechia; denmark; dominican republic; ecuador; egypt; el salvador*; england; estonia; eswatini;
ethiopia; fiji; finland; france; gabon; gambia; georgia*; germany; ghana; great britain; greece; greenland;
guatemala; guinea; guyana; haiti; honduras; hungary; iceland; india; indonesia; iran; iraq; ireland; israel; italy;
ivory coast; jamaica; japan; jordan*; kazakhstan; kenya; kosovo; kuwait; kyrgyzstan; laos; latvia; lebanon; lesotho;
liberia; libya; lithuania; luxembourg; madagascar; malawi; malaysia; maldives; mali*; malta; mauritius; mexico;
moldova; monaco; mongolia; montenegro; morocco; mozambique; myanmar; namibia; nepal; netherlands; new zealand;
nicaragua; nigeria; north korea; north macedonia; northern ireland; norway; oman; pakistan; palestine; panama;
paraguay; peru; philippines; poland; portugal; puerto rico; qatar; romania; russia; rwanda; saudi arabia; scotland;
senegal; serbia; sierra leone; singapore; slovakia; slovenia; somalia; south africa; south korea; south sudan;
spain; sri lanka; sudan; sweden; switzerland; syria; taiwan; tanzania; thailand; tibet; togo; trinidad; tunisia;
turkey*; türkiye; uganda; ukraine; united arab emirates; united kingdom; united states; uruguay; usa; uk; uae;
uzbekistan; venezuela; vietnam; wales; yemen; zambia; zimbabwe; africa; asia; europe; antarctica; scandinavia;
middle east; latin america; balkans; caribbean; siberia; alabama; alaska; arizona; arkansas; california; colorado;
connecticut; delaware; florida; hawaii; idaho; illinois; indiana; iowa; kansas; kentucky; louisiana; maine*;
maryland; massachusetts; michigan; minnesota; mississippi; missouri; montana; nebraska; nevada; new hampshire;
new jersey; new mexico; new york; new york city; nyc; north carolina; north dakota; ohio; oklahoma; oregon;
pennsylvania; rhode island; south carolina; south dakota; tennessee; texas; utah; vermont; virginia; west virginia;
wisconsin; wyoming; ontario; quebec; british columbia; alberta; nova scotia; new south wales; queensland; tasmania;
los angeles; chicago; houston; phoenix*; philadelphia; san antonio; san diego; dallas; austin*; san jose;
san francisco; seattle; denver; washington; boston; nashville; detroit; portland; las vegas; memphis; baltimore;
milwaukee; atlanta; miami; minneapolis; new orleans; cleveland; tampa; orlando; pittsburgh; cincinnati; st louis;
salt lake city; brooklyn; manhattan; queens*; bronx; hollywood; silicon valley; wall street; toronto; montreal;
vancouver; calgary; ottawa; mexico city; guadalajara; monterrey; tijuana; havana; bogotá; bogota; medellín;
medellin; lima*; quito; caracas; santiago; buenos aires; montevideo; la paz; asunción; são paulo; sao paulo;
rio de janeiro; brasília; brasilia; salvador*; fortaleza; belo horizonte; porto alegre; curitiba; recife; manaus;
florianópolis; london; manchester; birmingham; liverpool; leeds; glasgow; edinburgh; cardiff; belfast; bristol;
newcastle; sheffield; oxford; cambridge; brighton; dublin; cork*; galway; paris; marseille; lyon; toulouse;
bordeaux; lille; nantes; strasbourg; berlin; munich; münchen; hamburg; cologne*; köln; frankfurt; stuttgart;
düsseldorf; leipzig; dresden; vienna; wien; salzburg; zurich; zürich; geneva; basel; bern; amsterdam; rotterdam;
the hague; utrecht; brussels; antwerp; bruges; madrid; barcelona; valencia; sevilla; seville; bilbao; málaga;
malaga; zaragoza; granada; ibiza; mallorca; lisbon; lisboa; porto*; coimbra; rome; roma; milan; milano; naples;
napoli; turin; torino; florence; firenze; venice; venezia; bologna; sicily; athens; istanbul; ankara; izmir; moscow;
saint petersburg; kyiv; kiev; kharkiv; odesa; warsaw; krakow; kraków; prague; budapest; bucharest; sofia*; belgrade;
zagreb; sarajevo; ljubljana; bratislava; vilnius; riga; tallinn; helsinki; stockholm; gothenburg; oslo; bergen;
copenhagen; reykjavik; cairo; alexandria; casablanca; marrakech; tunis; algiers; lagos; abuja; accra; dakar;
nairobi; mombasa; kampala; addis ababa; johannesburg; cape town; durban; pretoria; soweto; harare; lusaka; kinshasa;
jerusalem; tel aviv; gaza; beirut; damascus; baghdad; tehran; dubai; abu dhabi; doha; riyadh; mecca; kabul; karachi;
lahore; islamabad; mumbai; delhi; new delhi; bangalore; bengaluru; kolkata; chennai; hyderabad; pune; jaipur;
kerala; goa; dhaka; kathmandu; colombo; bangkok; phuket; hanoi; saigon; ho chi minh city; phnom penh; kuala lumpur;
jakarta; bali*; manila; cebu; hong kong; macau; beijing; shanghai; shenzhen; guangzhou; wuhan; chengdu; taipei;
seoul; busan; incheon; jeju; tokyo; osaka; kyoto; nagoya; sapporo; fukuoka; kobe; yokohama; hiroshima; sendai;
okinawa; hokkaido; shibuya; shinjuku; sydney; melbourne; brisbane; perth; adelaide; canberra; auckland; wellington;
christchurch; everest; kilimanjaro; himalayas; alps; andes; amazon rainforest; sahara; mediterranean; atlantic;
pacific; eiffel tower; big ben; times square; central park; white house; buckingham palace; heathrow; wembley;
wimbledon; silverstone; camp nou; anfield; old trafford; maracanã; maracana; santiago bernabéu; fenway park;
yankee stadium; madison square garden; disneyland; broadway; louvre; colosseum; taj mahal; golden gate bridge;
machu picchu; copacabana; ipanema; españa; alemania; francia; italia; reino unido; estados unidos; méxico; brasil;
japón; perú; panamá; inglaterra; londres; nueva york; nova york; cataluña; galicia; andalucía; bahia; minas gerais;
rio grande do sul; paraná; pernambuco; ceará; santa catarina; europa; américa latina; japão; alemanha; frança;
itália; espanha; deutschland; österreich; schweiz; bayern*; frankreich; spanien; royaume-uni; états-unis; allemagne;
espagne; italie; belgique; suisse; londra; parigi
"""

CJK_PLACES = """
日本;東京;大阪;京都;名古屋;札幌;福岡;神戸;横浜;広島;仙台;沖縄;北海道;千葉;埼玉;神奈川;奈良;新潟;静岡;熊本;鹿児島;
長崎;金沢;川崎;渋谷;新宿;池袋;秋葉原;原宿;銀座;浅草;上野;品川;六本木;梅田;難波;心斎橋;成田;羽田;富士山;琵琶湖;箱根;
軽井沢;伊勢神宮;東北;関東;関西;九州;四国;中国;韓国;台湾;香港;北朝鮮;アメリカ;イギリス;フランス;ドイツ;イタリア;
スペイン;ロシア;ウクライナ;インド;タイランド;ベトナム;オーストラリア;カナダ;ブラジル;メキシコ;アフリカ;ヨーロッパ;
ニューヨーク;ロンドン;パリ;ハワイ;ソウル;北京;上海;台北;シンガポール;東京ドーム;甲子園;日本武道館;ディズニーランド;
한국;대한민국;서울;부산;대구;인천;광주;대전;울산;제주도;제주;수원;강남;홍대;명동;이태원;경기도;강원도;전주;경주;
여의도;잠실;한강;남산;일본;중국;미국;영국;프랑스;독일;이탈리아;스페인;러시아;우크라이나;인도네시아;베트남;태국;대만;
홍콩;호주;캐나다;도쿄;오사카;뉴욕;런던;파리;베이징;하와이;유럽;아프리카
"""

ORGANISATIONS = """
apple*; google; microsoft; amazon*; meta*; facebook; instagram; whatsapp; twitter; tiktok; youtube; netflix;
spotify; nvidia; intel*; amd*; ibm; oracle*; tesla; spacex; openai; anthropic; deepmind; samsung; sony; nintendo;
lg*; huawei; xiaomi; tencent; alibaba; bytedance; toyota; honda; nissan; mazda; subaru; bmw; volkswagen; audi;
mercedes; porsche; ferrari; lamborghini; mclaren; ford*; general motors; chevrolet; hyundai; kia; volvo; boeing;
airbus; lufthansa; ryanair; easyjet; emirates*; delta*; starbucks; mcdonald's; mcdonalds; burger king; kfc; subway*;
pepsi; coca-cola; coca cola; nestlé; nestle*; unilever; ikea; lego; nike; adidas; puma*; zara; h&m; uniqlo; gucci;
prada; chanel; dior; louis vuitton; hermès; walmart; costco; target*; tesco; aldi; lidl; carrefour; mercadona; uber;
lyft; airbnb; paypal; visa*; mastercard; goldman sachs; jpmorgan; morgan stanley; blackrock; hsbc; barclays;
santander; bbva; itaú; nubank; bradesco; petrobras; vale*; pfizer; moderna; astrazeneca; bayer; novartis; roche;
siemens; bosch; sap*; shell*; bp; exxonmobil; chevron; coinbase; binance; disney; pixar; marvel; warner bros; hbo;
bbc; cnn; nbc; cbs; fox news; sky news; the guardian; new york times; washington post; wall street journal;
the economist; reuters; bloomberg; associated press; al jazeera; el país; el mundo; le monde; der spiegel; globo;
folha de s.paulo; televisa; nhk; nasa; esa*; cern; fbi; cia; nsa; irs; fda; cdc; epa*; nato; un*; united nations;
unesco; unicef; who*; imf; world bank; wto; opec; european union; eu*; european commission; european central bank;
federal reserve; supreme court; pentagon; kremlin; nhs; red cross; greenpeace; amnesty international; fifa; uefa;
ioc; nba; nfl; mlb; nhl; ufc; wwe; premier league; la liga; bundesliga; serie a; champions league; arsenal*;
chelsea; liverpool fc; man united; man utd; man city; manchester united; manchester city; tottenham; spurs*;
everton; aston villa; west ham; leicester city; newcastle united; celtic*; real madrid; fc barcelona; barça;
atlético de madrid; atletico madrid; atlético madrid; sevilla fc; real betis; juventus; inter milan; ac milan;
bayern munich; borussia dortmund; dortmund; psg; paris saint-germain; ajax; benfica; fc porto*; sporting cp;
flamengo; palmeiras; corinthians; santos fc; fluminense; botafogo; vasco; grêmio; cruzeiro; atlético mineiro;
boca juniors; river plate; club américa; chivas; pumas*; cruz azul; tigres*; lakers; celtics; warriors*; knicks;
bulls*; raptors; nuggets*; mavericks*; yankees; red sox; dodgers; mets; cubs*; astros; braves*; phillies; padres*;
patriots*; cowboys*; packers; steelers; 49ers; eagles*; seahawks; blackhawks; mumbai indians; chennai super kings;
harvard; yale; princeton; stanford; mit*; caltech; berkeley*; oxford university; cambridge university; sorbonne;
unam; usp*; fnatic; cloud9; valve*; steam*; epic games; ubisoft; electronic arts; ea sports; blizzard*; capcom;
sega; bandai namco; square enix; github; gitlab; linkedin; reddit; discord*; telegram*; slack*; zoom*; adobe;
salesforce; shopify; stripe*; wikipedia; mozilla; linux foundation; bts; blackpink; twice*; coldplay; radiohead;
metallica; u2; queen*; abba; the beatles; beatles; rolling stones; oasis*; nirvana*; garmin; strava; peloton;
crossfit; lululemon; patagonia; the north face; sephora; l'oréal; maybelline; fenty beauty; canon*; nikon; leica;
fujifilm; gopro; dji; michelin; trader joe's; whole foods; republican party; democratic party; labour party; tories;
conservative party; democrats; republicans; congress*; senate*; parliament*; psoe; partido popular; vox*; podemos*;
psdb; morena*; cdu; spd; stf; inss; ibge; ministério público
"""

CJK_ORGANISATIONS = """
任天堂;トヨタ;ソニー;ホンダ;日産;パナソニック;楽天;ソフトバンク;ユニクロ;マクドナルド;スターバックス;スタバ;
セブンイレブン;ローソン;ファミマ;ファミリーマート;吉野家;サイゼリヤ;無印良品;ニトリ;アップル;グーグル;
マイクロソフト;アマゾン;ツイッター;ユーチューブ;ネットフリックス;NHK;テレビ朝日;フジテレビ;日本テレビ;朝日新聞;
読売新聞;毎日新聞;産経新聞;自民党;立憲民主党;公明党;共産党;日本維新の会;国連;巨人軍;阪神タイガース;読売ジャイアンツ;
ソフトバンクホークス;浦和レッズ;鹿島アントラーズ;川崎フロンターレ;ヴィッセル神戸;スクエニ;カプコン;セガ;
バンダイナムコ;ジブリ;スタジオジブリ;集英社;講談社;日銀;日本銀行;三菱;三井住友;みずほ;資生堂;JR東日本;JAL;ANA;
吉本興業;ジャニーズ;乃木坂46;櫻坂46;AKB48;삼성전자;삼성;현대자동차;현대차;현대;엘지;카카오;카카오톡;네이버;쿠팡;
배달의민족;롯데;신세계;이마트;스타벅스;맥도날드;구글;애플;마이크로소프트;아마존;넷플릭스;유튜브;트위터;방탄소년단;
블랙핑크;뉴진스;세븐틴;에스파;아이브;하이브;국민의힘;더불어민주당;민주당;국회;청와대;두산 베어스;기아 타이거즈;
롯데 자이언츠;한화 이글스;토트넘;맨유;레알 마드리드;바르셀로나
"""

PEOPLE = """
messi; ronaldo; cristiano; neymar; mbappé; mbappe; haaland; modric; salah; bellingham; vinicius; vini jr;
lewandowski; pelé; pele; maradona; zidane; beckham; guardiola; pep guardiola; mourinho; klopp; ancelotti; lebron;
kobe; shaq; curry*; steph curry; jokic; doncic; luka doncic; giannis; wembanyama; jordan*; federer; nadal; djokovic;
alcaraz; sinner*; serena; swiatek; hamilton*; verstappen; leclerc; norris*; alonso; sainz; piastri; schumacher;
vettel; checo pérez; ohtani; tom brady; mahomes; patrick mahomes; usain bolt; simone biles; kipchoge; tyson fury;
mike tyson; mcgregor; canelo; kohli; virat kohli; dhoni; tendulkar; trump; donald trump; biden; obama;
kamala harris; clinton; hillary clinton; putin; zelensky; zelenskyy; macron; merkel; scholz; starmer; boris johnson;
rishi sunak; thatcher; netanyahu; modi*; xi jinping; kim jong un; erdogan; trudeau; lula*; bolsonaro; dilma; milei;
maduro; petro*; amlo; sheinbaum; sánchez*; feijóo; pope francis; dalai lama; gandhi; mandela; martin luther king;
churchill; napoleon; einstein; newton*; darwin; curie; shakespeare; jane austen; tolstoy; dostoevsky; kafka; orwell;
hemingway; borges; garcía márquez; machado de assis; clarice lispector; cervantes; murakami; haruki murakami;
tolkien; stephen king; j.k. rowling; beethoven; mozart; bach*; chopin; picasso; frida kahlo; van gogh; da vinci;
monet; warhol; taylor swift; beyoncé; beyonce; rihanna; adele; ed sheeran; drake*; kanye; kanye west; kendrick;
kendrick lamar; eminem; jay-z; billie eilish; olivia rodrigo; dua lipa; harry styles; ariana grande; lady gaga;
madonna; shakira; bad bunny; karol g; rosalía; j balvin; anitta; ludmilla; caetano; bob marley; bowie;
freddie mercury; elvis; lennon; mccartney; elton john; justin bieber; bruno mars; the weeknd; spielberg; scorsese;
tarantino; nolan*; hitchcock; kubrick; miyazaki; leonardo dicaprio; tom cruise; tom hanks; brad pitt;
angelina jolie; meryl streep; zendaya; timothée chalamet; margot robbie; gordon ramsay; jamie oliver; nigella;
oprah; kim kardashian; elon musk; musk*; jeff bezos; bezos; bill gates; zuckerberg; mark zuckerberg; steve jobs;
tim cook; sam altman; altman; satya nadella; sundar pichai; jensen huang; warren buffett; vitalik; satoshi nakamoto;
greta thunberg; malala; king charles; queen elizabeth; prince harry; meghan markle; jesus*; muhammad ali; buddha;
marie curie; stephen hawking; carl sagan; neil degrasse tyson; alan turing; ada lovelace; faker*; mrbeast;
pewdiepie; joe rogan; ibai; luffy; goku; naruto; batman; superman; spider-man; harry potter; darth vader
"""

CJK_PEOPLE = """
大谷翔平;大谷;久保建英;三笘薫;八村塁;羽生結弦;藤井聡太;イチロー;ダルビッシュ;本田圭佑;錦織圭;大坂なおみ;井上尚弥;
岸田文雄;石破茂;安倍晋三;菅義偉;小池百合子;高市早苗;村上春樹;東野圭吾;夏目漱石;太宰治;宮崎駿;新海誠;尾田栄一郎;
鳥山明;手塚治虫;米津玄師;あいみょん;藤井風;星野源;松本人志;明石家さんま;ビートたけし;タモリ;マツコ;綾瀬はるか;
新垣結衣;織田信長;徳川家康;坂本龍馬;トランプ;バイデン;プーチン;ゼレンスキー;メッシ;ロナウド;イーロン・マスク;손흥민;
김연아;류현진;이강인;김민재;박지성;봉준호;박찬욱;유재석;강호동;아이유;임영웅;지드래곤;페이커;윤석열;이재명;문재인;
한동훈;트럼프;바이든;푸틴;메시;호날두;음바페;세종대왕;이순신;일론 머스크
"""

GIVEN = """
aaron adam adrian agnes ahmed aisha akira alan alana albert alberto alejandra alejandro alex alexander alexandra
alexis alfonso alfred ali alice alicia alina alison alvaro amanda amir amit amy ana anand andre andrea andreas
andrew andré andy angela angelica anita anja anna anne annie anthony antoine anton antonia antonio anya arjun arthur
arturo asha ashley astrid augusto aya ayumi barbara beatriz ben benjamin bernard beth betty bianca bob brandon
brenda brian bruna bruno caio camila carl carla carlos carmen carol carolina caroline catherine cecilia charles
charlie charlotte chiara chris christian christina christine christopher chuck claire clara claudia claudio connor
craig cristina cynthia daisuke dan daniel daniela danielle danny dave david deborah deepak denis dennis diana diego
dimitri dmitri dolores dominic donald donna dorothy doug douglas duncan eduardo edward elena eli elias elijah elisa
elizabeth ella ellen elsa emil emilia emily emma emmanuel enrique eric erica erik erika ernesto esther ethan eugene
eva evan evelyn fabio fatima felipe felix fernanda fernando fiona francesca francesco francis francisco francois
frank franz françois fred gabriel gabriela gary george gerald gerard giovanni giulia giuseppe gloria gonzalo gordon
greta guilherme guillermo gustavo hannah hans harry haruka hassan heather hector heidi helen helena henrik henry
hiroshi hugh hugo héctor ian ibrahim igor ines ingrid inés irene isaac isabel isabella ivan jack jacob jaime jake
james jamie jan jane janet jasmine jason javier jean jeff jeffrey jennifer jenny jeremy jerry jesse jessica jesús
jim jimmy joan joana joanna joaquin joaquín joe joel johan johanna john johnny jon jonas jonathan jorge jose josef
joseph josh joshua josé joão juan juana judith judy julia julian juliana julie julien juliet julio justin kaito
karen karin karl karla kate katherine kathleen kathy katie katy keiko keith kelly ken kenji kenneth kevin kim klaus
kumiko kyle lara larissa larry lars laura lauren laurent lea leah leandro lena leo leon leonardo leonor leticia liam
lily linda lisa liz lorena lorenzo louis louise luca lucas lucia luciana lucía luis luisa luiz luke lynn madison
magdalena mai manuel marc marcel marcela marcelo marco marcos margaret maria mariana marie marina mario marlene
marta martha martin martina martín mary maría mateo mateus matheus matt matteo matthew matthias maurice mauricio max
maya megan mei melanie melissa mercedes mia michael michel michelle miguel mike mikhail mohamed mohammed monica
muhammad mónica nadia nancy naomi natalia natalie natasha nathan neil nicholas nick nicola nicolas nicole nicolás
nikita nikolai nina noah noriko oksana oleg olga oliver olivia omar oscar pablo pamela paola pat patricia patrick
paul paula paulo pavel pedro penelope peter petra phil philip philippe pierre pilar priya rachel rafael rahul raj
ralph ramon ramón randy raquel raul ravi raymond raúl rebecca renata ricardo richard rick rita robert roberto robin
rodrigo roger roland romain ron ronald rosa rosie ross roy ruben rubén russell ruth ryan sabrina sakura sally salma
sam samantha samuel sandra sanjay santiago sara sarah scott sean sebastian sebastián sergei sergio seth shane
shannon sharon shaun sheila shinji silvia simon simone sofia sofía sonia sophia sophie stefan stefano stella
stephanie stephen steve steven stuart sue susan suzanne sven sylvia takashi takeshi tania tanya tara tatiana ted
teresa thabo thiago thomas tiago tiffany tim timothy tina tobias todd tom tommy tomás toni tony tracy tyler ulrich
valentina valeria vanessa vera veronica verónica victor victoria vijay vikram vincent vincenzo vinicius vinícius
virginie vladimir víctor walter wei wendy werner william xavier yan yasmin yolanda yosef youssef yuki yuko yuri
yusuf yves zach zoe álvaro ángel óscar
"""

ALSO_WORDS = frozenset(
    """
    ali amber angel april august autumn bill carol chase christian dawn daisy drew faith frank gene grace grant guy
    harmony heather hope hunter ivy jack jade jasmine jean jimmy joy june kelly ken lance lily mark mason max may
    mercedes mike mia miles pat rich rick robin rosa rose ruby sandy sue summer tony victoria violet will mai yan
    wei sakura sol luz paz rosario pilar raj
    """.split()
)
"""Given names that count only before another capitalised word."""

TITLES = frozenset(
    """
    mr mrs ms miss mister dr prof professor sir dame lord lady president senator sen governor gov mayor judge
    justice captain capt coach pope king queen prince princess chancellor minister ambassador rev reverend señor
    señora sr sra don doña dom presidente presidenta senador senadora ministro ministra profesor doctor doctora papa
    rei rainha herr frau monsieur madame
    """.split()
)
"""Before a person's name."""

ORGANISATION_LAST = frozenset(
    """
    inc corp corporation ltd llc plc gmbh ag company co university college institute academy bank airlines airways
    fc cf afc united rovers wanderers athletic club association foundation party ministry department council
    committee union police times post news tribune herald gazette magazine records studios pictures entertainment
    group holdings motors technologies systems software labs laboratories pharmaceuticals partners capital ventures
    orchestra federation league agency commission authority organisation organization society trust sisters brothers
    bros wholesale
    """.split()
)
"""The last word of an organisation's name."""

ORGANISATION_FIRST = frozenset(
    """
    university ministry department bank fc ac rc cd ud universidad universidade université università universität
    ministerio ministério banco partido instituto fundación fundação asociación associação colegio grupo sindicato
    federación federação tribunal secretaría secretaria comisión comissão museo club clube real deportivo sporting
    team
    """.split()
)
"""The first word of an organisation's name."""

PLACE_LAST = frozenset(
    """
    city town village county river lake lakes mountain mountains island islands beach bay valley square park stadium
    arena airport station street avenue road boulevard bridge canyon falls gardens harbour harbor hill hills heights
    forest desert ocean sea palace castle tower cathedral province district peninsula springs creek port coast court
    field hall market museum zoo plaza
    """.split()
)
"""The last word of a place's name."""

PLACE_FIRST = frozenset(
    """
    mount mt lake fort cape port isle isla islas playa plaza calle avenida rua praia praça estádio estadio
    aeropuerto aeroporto parque rio río monte cabo lago ilha ciudad cidade saint-denis santa san são
    """.split()
)
"""The first word of a place's name."""

PLACE_BEFORE = frozenset(
    ("live in", "lives in", "lived in", "living in", "born in", "based in", "arrived in", "landed in", "weather in",
     "moved to", "moving to", "flew to", "flying to", "flight to", "trip to", "travel to", "travelling to",
     "traveling to", "back from", "here in", "vivo en", "vive en", "viaje a", "viajar a", "nació en", "moro em",
     "mora em", "nasceu em", "viagem para", "viajar para")
)  # fmt: skip
"""Two words after which a name is a place."""

PARTICLES = frozenset("de da do das dos del della di du la le van von der den of al el bin ibn y e".split())
"""Small words inside names."""

NEVER = frozenset(
    """
    i i'm i'll i've i'd im ive ok okay lol omg lmao rt dm tv mon tue wed thu fri sat sun monday tuesday wednesday
    thursday friday saturday sunday january february march april may june july august september october november
    december english spanish french german japanese korean portuguese italian chinese russian british american
    european asian african christmas easter halloween ramadan god covid am pm diy faq ceo ai usb pc the a an and or
    but if so he she it we you they this that these those my our your his her its their what who when where why how
    yes no not please thanks el la los las un una y o pero si no que qué yo tú él ella eso esto mi tu su o os as um
    uma e mas se eu você ele ela isso isto meu seu
    """.split()
)
"""Capitalised words that are no names by themselves."""

FAMILIES = """
    佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林田 斎藤 清水 山崎 森田
    池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 斉藤 福田 太田 西村
    藤井 金子 岡本 藤原 中野 三浦 原田 中川 松田 竹内 小野 田村 中山 和田 石田 森本 上田 原口 内田 柴田 酒井 宮崎
    横山 高木 安藤 宮本 大野 小島 谷口 今井 工藤 高田 増田 丸山 杉山 村田 大塚 新井 藤本 小山 平野 河野 上野 野口
    武田 松井 千葉 岩崎 菅原 木下 久保 佐野 野村 松尾 市川 菊地 杉本 古川 大西
    """.split()
"""Japanese family names."""
