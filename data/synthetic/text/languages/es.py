"""Spanish: the words of the world's tweets. See `languages` for what each name is."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

CODE: str = "es"

TOPICS: str = """\
football | LaLiga Fútbol ChampionsLeague LigaMX ElClásico Libertadores | Real Madrid*o;Messi*p;Barça*o;Boca*o;Lamine Yamal*p;River*o;Atleti*o;América*o;Vinícius*p;Scaloni*p;Chivas*o;Mbappé*p;Colo Colo*o;Pedri*p;Camp Nou*l;la Bombonera*l;Athletic*o;Atlético Nacional*o | el partido;el penal;el árbitro;el VAR;la delantera;el segundo tiempo;la alineación;el fuera de juego;el mercado de fichajes;la prórroga;esa tarjeta roja;el golazo;el clásico;la tabla;el contraataque;la defensa | ver el partido;gritar el gol;protestar cada falta;revisar la alineación;sufrir hasta el minuto 90;ir a la cancha;discutir por un fuera de juego
basketball | NBA Baloncesto Euroliga Básquet LigaEndesa ACB | Lakers*o;Luka Doncic*p;Celtics*o;LeBron*p;Real Madrid Baloncesto*o;Ginóbili*p;Curry*p;Jokic*p;Baskonia*o;Pau Gasol*p;Campazzo*p;Spurs*o;Ricky Rubio*p;Wembanyama*p;Valencia Basket*o;la Euroliga;la ACB*o | el último cuarto;el triple;el mate;la zona;el rebote;la prórroga;el triple doble;el traspaso;el quinteto inicial;ese tapón;la final de conferencia;el robo;el tiro libre;el draft;la rotación | ver los playoffs;trasnochar por la NBA;tirar al aro;discutir quién es el MVP;repetir el mate en cámara lenta;jugar un 3 contra 3
baseball | Béisbol MLB LVBP SerieDelCaribe LIDOM Yankees | Ohtani*p;Yankees*o;Dodgers*o;Leones del Caracas*o;Tigres del Licey*o;Acuña Jr.*p;Águilas Cibaeñas*o;Juan Soto*p;Miguel Cabrera*p;Magallanes*o;Altuve*p;la Serie del Caribe;Diablos Rojos*o;Vladimir Guerrero Jr.*p;Sultanes*o;Mets*o | el jonrón;el noveno inning;el bullpen;la bola rápida;el abridor;el doble play;ese ponche;la base robada;el jardín central;el conteo;el bate;el umpire;el cuadro interior;la curva;el juego siete | ver la pelota;ir al estadio;contar los ponches;escuchar el juego por la radio;pelear por un strike;seguir la temporada
cricket | Cricket CricketArgentina IPL T20 Críquet | Kohli*p;Lord's*l;Bumrah*p;IPL;Stokes*p;Mumbai Indians*o;Cricket Argentina*o;Cricket España*o;Rohit Sharma*p;Babar Azam*p;Hurlingham Club*o;the Ashes;Eden Gardens*l;Dhoni*p | el bate;el wicket;la última tanda;el lanzador;el campo;el reglamento;la primera entrada;la pelota nueva;el marcador;el yorker;el mundial T20;la persecución;el lanzamiento con efecto | entender las reglas;ver un test de cinco días;lanzar en las redes;seguir el marcador;explicar el cricket en la cena;mirar resúmenes del IPL
tennis | Tenis ATP WTA RolandGarros MMOPEN Vamos | Alcaraz*p;Nadal*p;Djokovic*p;Sinner*p;Roland Garros;Federer*p;Del Potro*p;Badosa*p;Davidovich*p;Sabalenka*p;Wimbledon;Swiatek*p;Schwartzman*p;la Caja Mágica*l;Báez*p;la Copa Davis;Muguruza*p | el saque;el revés;el tiebreak;la dejada;el quinto set;el punto de partido;la tierra batida;el drive;el cuadro;la doble falta;el sorteo;el break;la pista central;el juez de silla | ver la final;jugar un dobles;madrugar por Australia;mejorar mi saque;seguir el cuadro;hacer fila para entrar a la central
formula one | F1 Formula1 MexicoGP Checo33 SpanishGP FórmulaUno | Fernando Alonso*p;Checo Pérez*p;Carlos Sainz*p;Colapinto*p;Verstappen*p;Ferrari*o;Aston Martin*o;Hamilton*p;McLaren*o;Red Bull*o;Leclerc*p;Montmeló*l;Mercedes*o;Interlagos*l;Norris*p;Mónaco*l;Williams*o;Autódromo Hermanos Rodríguez*l | la parada en boxes;el safety car;la clasificación;la salida;la estrategia;la sanción;el neumático duro;la vuelta rápida;la radio;el alerón;el undercut;la parrilla;el podio;la bandera roja;el DRS | ver la clasificación;madrugar por la carrera;gritar al muro;seguir los tiempos;esperar a la 33;analizar la estrategia
combat sports | UFC Boxeo MMA NocheDeBoxeo TeamCanelo | Canelo*p;Topuria*p;UFC*o;Yair Rodríguez*p;Brandon Moreno*p;Tyson Fury*p;Chávez*p;Las Vegas*l;Jon Jones*p;Dana White*p;Maravilla Martínez*p;Crawford*p;Bivol*p;Usyk*p;Luna Park*l;Amanda Serrano*p;McGregor*p | la pelea;el nocaut;el pesaje;el cinturón;la decisión;el jab;la guardia;el último round;la revancha;esa patada;el gancho;la tarjeta del juez;el peso medio;la sumisión;la cartelera | ver la pelea con amigos;entrenar boxeo;apostar por el favorito;pagar el pay per view;saltar la cuerda;discutir la decisión
running | Running Maratón CorrerEsVivir Correr Runners | Kipchoge*p;Maratón de Valencia;Strava;Garmin;Maratón de la CDMX;Parque del Retiro*l;Bosques de Palermo*l;Behobia;Nike Vaporfly;San Silvestre;Hoka;Chapultepec*l;Maratón de Buenos Aires;Asics;Zegama*l;Kilian Jornet*p | la tirada larga;el ritmo;mi rodilla;la media maratón;el dorsal;el calentamiento;la marca personal;el kilómetro 30;la zapatilla;la cuesta;el plan de entrenamiento;la meta;el rodaje suave;la ampolla | salir a correr;entrenar para la maratón;hacer series;bajar de 50 minutos;correr bajo la lluvia;estirar después;madrugar para rodar
fitness | Fitness Gym GymLife DíaDePierna CrossFit VidaSana | CrossFit;Basic-Fit*o;Smart Fit*o;Hyrox;Patry Jordan*p;Decathlon*o;MyFitnessPal;Arnold*p;Sergio Peinado*p;Vivagym*o;Gymshark*o;Fausto Murillo*p | la sentadilla;el día de pierna;la proteína;el press de banca;la rutina;el peso muerto;la faja;la dominada;la creatina;el cardio;el déficit calórico;la plancha;el espejo del gym;el entrenador;la membresía | ir al gym;hacer pierna;contar calorías;levantar pesado;saltarse el cardio;entrenar a las seis;comer pollo con arroz
video games | Gaming PS5 Nintendo Xbox Gamer Steam | Zelda;Minecraft;Fortnite;GTA VI;PlayStation*o;Nintendo*o;Elden Ring;Pokémon;Ibai*p;Steam;Xbox*o;Hollow Knight;AuronPlay*p;Resident Evil;Mario Kart;Rubius*p;Blasphemous;Baldur's Gate | el jefe final;la partida;el parche;la misión secundaria;el mundo abierto;el mando;el DLC;la preventa;el modo difícil;el lag;la trama;el tráiler;el final secreto;la oferta;el inventario | jugar toda la noche;pasar el último nivel;viciar con amigos;farmear loot;empezar otra partida;conseguir el platino;ver un speedrun
esports | Esports LoL Valorant Worlds LVPes LLA | Faker*p;KOI*o;T1*o;Movistar KOI*o;G2*o;Team Heretics*o;Leviatán*o;KRÜ*o;Giants*o;Elyoya*p;Valorant;League of Legends;Counter-Strike;la LVP*o;Mixwell*p;Fnatic*o;9z*o | el draft;el barón;la final;la ronda clutch;el mapa tres;el roster;el meta;la jungla;el bootcamp;la eco;el major;el caster;la remontada;el nerf;la fase de grupos | ver los Worlds;subir de elo;seguir los fichajes;jugar rankeds;aguantar a mi jungla;trasnochar por el major
board games | JuegosDeMesa JDM BoardGames Rol NocheDeJuegos | Catan;Carcassonne;Devir*o;Dixit;Essen*l;Wingspan;Dungeons and Dragons;Virus;Ticket to Ride;Terraforming Mars;Código Secreto;Risk;UNO;Zombicide;Ajedrez;Truco | el tablero;el dado;la expansión;el reglamento;la carta;la campaña;la ficha;el máster;la partida de rol;la caja;la estrategia;el turno;el mazo;la ludoteca;el meeple | armar noche de juegos;leer el reglamento;jugar al Catan;estrenar un juego;dirigir una campaña;pintar miniaturas;perder al UNO
anime | Anime Manga OnePiece Otaku DragonBall AnimeTwitter | One Piece;Dragon Ball;Naruto;Goku*p;Toriyama*p;Kimetsu no Yaiba;Jujutsu Kaisen;Evangelion;Ghibli*o;Sailor Moon;Miyazaki*p;Shingeki no Kyojin;Los Caballeros del Zodiaco;Frieren;Chainsaw Man;Mario Castañeda*p;Crunchyroll*o;Luffy*p | el opening;el doblaje latino;el capítulo nuevo;el relleno;la animación;el manga;el cosplay;el villano;la pelea final;el arco;el spoiler;la segunda temporada;el tomo;el ending | maratonear anime;leer el manga;llorar con el final;dibujar fanart;ponerse al día con One Piece;ver todo en japonés
cinema | Cine PremiosGoya Oscars Película CineLatino Cannes | Almodóvar*p;Guillermo del Toro*p;Penélope Cruz*p;Ricardo Darín*p;Bayona*p;Cuarón*p;Nolan*p;Iñárritu*p;Pedro Pascal*p;Dune;Javier Bardem*p;San Sebastián*l;Relatos salvajes;La sociedad de la nieve;Ana de Armas*p;Premios Goya;Argentina, 1985;Roma | la película;el final;la banda sonora;el guion;la fotografía;el plano secuencia;el tráiler;la secuela;el estreno;el reparto;la sala;el doblaje;la escena poscréditos;el cortometraje;la cartelera | ir al cine;ver una peli;llorar en la sala;hacer fila para el estreno;repetir un clásico;comer palomitas;debatir el final
television | Netflix Series GranHermano MasterChef SálvameDiario TV | La casa de papel;Gran Hermano;MasterChef;Netflix*o;La que se avecina;Pablo Motos*p;Mirtha Legrand*p;Los Simpson;Broncano*p;El Chavo;HBO*o;Operación Triunfo;La Resistencia;Élite;Wanda*p;Betty la fea;Telecinco*o;El Eternauta | el capítulo;la temporada;el final;el spoiler;la gala;la expulsión;el presentador;la telenovela;el reality;el control remoto;el estreno;el cliffhanger;la novela de la tarde;la repetición;la casa | ver la gala;maratonear la serie;esquivar spoilers;cenar con la tele puesta;votar por mi favorito;repetir temporadas viejas
comedy | Humor Comedia StandUp Memes Risas | Ignatius*p;Franco Escamilla*p;Luis Piedrahita*p;Capusotto*p;Berto Romero*p;Eugenio Derbez*p;Les Luthiers*o;Andreu Buenafuente*p;Cantinflas*p;Chespirito*p;Sofía Niño de Rivera*p;El Mundo Today*o;Coco Celis*p;Hora Veintipico;Goyo Jiménez*p;Dani Rovira*p | el chiste;el monólogo;el meme;el remate;el sketch;el público;la improvisación;el humor negro;la parodia;el especial;la broma;el sarcasmo;la imitación | ver stand up;contar chistes malos;reír hasta llorar;mandar memes;escribir un monólogo;explicar el chiste
pop music | MúsicaPop NowPlaying Eurovisión LatinGrammy NuevoTema Spotify | Shakira*p;Rosalía*p;Aitana*p;Karol G*p;Taylor Swift*p;Lali*p;Alejandro Sanz*p;Tini*p;Luis Miguel*p;Lola Índigo*p;Emilia*p;Morat*o;Benson Boone*p;Dua Lipa*p;María Becerra*p;Thalía*p;Amaia*p;Julieta Venegas*p | el disco;la gira;el estribillo;la entrada;el videoclip;la preventa;esa canción;la coreografía;el puente;la letra;el adelanto;la colaboración;el concierto;la fila virtual;el bis | escuchar el disco;cantar en la ducha;conseguir entradas;bailar en casa;llorar con la letra;armar una playlist;ir al concierto
hip hop | Trap Rap FreestyleRap FMS Perreo Reggaeton | Bad Bunny*p;Duki*p;C. Tangana*p;Residente*p;Trueno*p;Kase.O*p;Bizarrap*p;Nicki Nicole*p;Canserbero*p;Aczino*p;Red Bull Batalla;Eladio Carrión*p;SFDK*o;Wos*p;Morad*p;Kendrick*p;Anuel*p;Nach*p | la barra;el flow;la sesión;el beat;la batalla;el minuto;la tiradera;la rima;el punchline;el feat;la réplica;el sample;el perreo;la base;el autotune | rapear en el metro;ver la final de FMS;escribir rimas;perrear hasta abajo;escuchar la sesión;improvisar con amigos
kpop | KPOP BTS BLACKPINK StrayKids TWICE KpopEnEspañol | BTS*o;BLACKPINK*o;Stray Kids*o;Jungkook*p;Jimin*p;TWICE*o;NewJeans*o;Lisa*p;ATEEZ*o;SEVENTEEN*o;Felix*p;aespa*o;Jennie*p;ENHYPEN*o;TXT*o;Suga*p;HYBE*o | el comeback;la photocard;el lightstick;mi bias;la coreografía;el teaser;el fancam;el fanchant;el álbum;el concepto;la votación;el maknae;la preventa;el live;el banner | votar por mi grupo;aprender la coreografía;hacer streaming;cambiar photocards;ahorrar para el concierto;llorar por mi bias
classical and jazz | MúsicaClásica Jazz Ópera Piano Orquesta | Teatro Colón*l;Paco de Lucía*p;Bach*p;Dudamel*p;Piazzolla*p;Chick Corea*p;Chano Domínguez*p;Martha Argerich*p;Palau de la Música*l;Falla*p;Miles Davis*p;Jazzaldia;Teatro Real*l;Bellas Artes*l;Chopin*p;Plácido Domingo*p;Albéniz*p;Bill Evans*p | el concierto;la sinfonía;el violín;el solo de trompeta;la orquesta;el ensayo;la partitura;el director;el segundo movimiento;el contrabajo;la ópera;el piano;la obertura;el cuarteto;la afinación | estudiar piano;ir a la ópera;escuchar jazz de noche;ensayar con el coro;afinar el chelo;leer partituras
cooking | Cocina Receta Gastronomía ComidaCasera Asado MasterChef | Arguiñano*p;Dabiz Muñoz*p;Ferran Adrià*p;Doña Petrona*p;Jordi Cruz*p;Thermomix;Gastón Acurio*p;Mercadona*o;Enrique Olvera*p;Narda Lepes*p;Paulina Cocina*p;Oaxaca*l;Mugaritz*o;MasterChef;Donosti*l;Francis Mallmann*p | la tortilla;el asado;el guacamole;el ceviche;la paella;el sofrito;la salsa;el mole;la empanada;el arroz;el chimichurri;el ajo;la sartén;el caldo;la milanesa;el picante | hacer la cena;preparar tacos;prender el fuego;picar cebolla;probar una receta;cocinar para mil;recalentar las sobras
baking | Repostería Pan MasaMadre Postres PastelCasero | Paulina Abascal*p;Damián Betular*p;Ibán Yarza*p;Bake Off;Eva Arguiñano*p;Osvaldo Gross*p;KitchenAid;Jordi Roca*p;Oriol Balaguer*p;Maru Botana*p;Rosca de Reyes;Panem*o;Bimbo*o | la masa madre;el bizcocho;el horno;la tarta de queso;el merengue;la levadura;el roscón;el alfajor;la miga;el glaseado;la concha;el hojaldre;el flan;el bol;la medialuna | amasar pan;hornear galletas;decorar la torta;esperar a que leve la masa;batir claras;hacer churros
coffee | Café Barista CaféDeEspecialidad CoffeeTime BuenosDías | Starbucks*o;Juan Valdez*o;Chemex;Nespresso;Aeropress;Café de Colombia*o;Café Tortoni*l;Nomad*o;Moka;Huila*l;Chiapas*l;Café Martínez*o;Hario;Veracruz*l | el espresso;el cortado;el café con leche;la cafetera;el molinillo;el tueste;la espuma;el cold brew;el descafeinado;la barra;el grano;el tinto;la taza;el tercer café | tomar café;moler el grano;limpiar la cafetera;probar cafeterías;calibrar el espresso;desayunar en el bar
programming | Programación Python DevLife JavaScript Código CódigoAbierto | Python;JavaScript;GitHub;MoureDev*p;Midudev*p;Linux;Rust;Stack Overflow;VS Code;Docker;Platzi*o;TypeScript;React;Postgres;Kubernetes;PHP;Java;Vim | el bug;el deploy;la pull request;el código legacy;el test;la documentación;el framework;el servidor;la base de datos;el punto y coma;el backend;el commit;el refactor;la regex;el pipeline;la API | programar de madrugada;arreglar un bug;subir a producción un viernes;leer la documentación;refactorizar todo;resolver conflictos;aprender Rust
artificial intelligence | IA InteligenciaArtificial ChatGPT MachineLearning Tecnología | ChatGPT;OpenAI*o;Gemini;DotCSV*p;Claude;Sam Altman*p;Nvidia*o;DeepSeek*o;Midjourney;Hugging Face*o;Llama;Copilot;Geoffrey Hinton*p;DeepMind*o;Mistral*o;Anthropic*o | el modelo;el prompt;el chatbot;el algoritmo;la alucinación;el paper;la red neuronal;el agente;la ventana de contexto;el dataset;el benchmark;la GPU;la regulación;el deepfake;la demo | entrenar un modelo;probar prompts;hablar con un chatbot;leer papers;etiquetar datos;preguntar todo a la IA
gadgets | Tecnología Apple Android iPhone Gadgets Xiaomi | iPhone;Xiaomi*o;Samsung*o;Apple*o;AirPods;Kindle;MacBook;Apple Watch;Motorola*o;Google Pixel;Galaxy Fold;Raspberry Pi;Huawei*o;Xataka*o;Vision Pro;Alexa | la batería;el cargador;la pantalla;la cámara;la actualización;el cable;la keynote;el reloj inteligente;el móvil nuevo;la funda;el router;el unboxing;el almacenamiento;el teclado mecánico;la tablet | cambiar de celular;ver la keynote;cargar todo otra vez;actualizar el sistema;comparar precios;perder un auricular
startups | Startups Emprendimiento Emprender SaaS Negocios | Mercado Libre*o;Glovo*o;Rappi*o;Y Combinator*o;Marcos Galperin*p;Cabify*o;Kavak*o;Globant*o;Wallapop*o;South Summit;Nubank*o;Stripe*o;Bizum;Factorial*o;Lanzadera*o;Clip*o | la ronda;el pitch;el MVP;la valuación;el inversor;el primer cliente;la landing;el socio;el pivote;el modelo de negocio;la factura;el unicornio;la aceleradora;el churn;el runway | levantar una ronda;buscar inversores;lanzar el producto;hablar con clientes;emprender desde casa;cobrar facturas;armar el pitch
crypto | Bitcoin Cripto BTC Ethereum DeFi Criptomonedas | Bitcoin;Ethereum;Binance*o;Vitalik*p;Bitso*o;Nayib Bukele*p;Solana;Dogecoin;Satoshi*p;USDT;Coinbase*o;MetaMask;Ledger;Lemon Cash*o;El Salvador*l;Uniswap | la billetera;la caída;el halving;la comisión;el mercado bajista;la semilla;la altcoin;el airdrop;el gráfico;la estafa;la stablecoin;el rebote;la cadena de bloques;el exchange;la minería | comprar la caída;mirar el gráfico;holdear hasta 2030;pasar todo a dólares;leer un whitepaper;perder la clave
finance | Economía Bolsa Inversiones Dólar Ahorro Ibex35 | Ibex 35;Banco de España*o;Santander*o;BBVA*o;la Fed*o;Wall Street*l;Merval;Banxico*o;YPF*o;Inditex*o;FMI*o;Amancio Ortega*p;Warren Buffett*p;Tesla*o;Hacienda*o;Carlos Slim*p;Lagarde*p | el dólar;la inflación;la hipoteca;el euríbor;el fondo indexado;el alquiler;la declaración;el plazo fijo;el dividendo;la tasa;la deuda;el bono;el IVA;la nómina;el aguinaldo;la tarjeta | llegar a fin de mes;invertir en fondos;ahorrar para la entrada;mirar la bolsa;pagar la hipoteca;cerrar la declaración;comprar dólares
politics | Política Elecciones Congreso Debate ÚltimaHora Democracia | Pedro Sánchez*p;Milei*p;Feijóo*p;Sheinbaum*p;Petro*p;Ayuso*p;Boric*p;Cristina Kirchner*p;la Moncloa*l;Casa Rosada*l;PSOE*o;Morena*o;Yolanda Díaz*p;AMLO*p;Bruselas*l;PP*o;la ONU*o;Maduro*p | la campaña;el debate;la encuesta;la reforma;el voto;el decreto;la moción;la oposición;el presupuesto;la rueda de prensa;la ley;el gabinete;la urna;la comisión;la coalición;el discurso | ver el debate;ir a votar;leer el programa;discutir en la cena;seguir el escrutinio;salir a marchar;escuchar la sesión
climate | CambioClimático EmergenciaClimática MedioAmbiente Sequía COP30 | Greta Thunberg*p;Doñana*l;la Amazonía*l;Greenpeace*o;la COP;Patagonia*l;Mar Menor*l;AEMET*o;IPCC*o;Repsol*o;Vaca Muerta*l;Fridays for Future*o;Galápagos*l;Acuerdo de París;Ecologistas en Acción*o | la sequía;la ola de calor;el incendio;el panel solar;la emisión;el plástico;el glaciar;el embalse;la energía eólica;el reciclaje;el bosque;la huella de carbono;el deshielo;la transición;la inundación | reciclar de verdad;ir en bici;plantar árboles;marchar por el clima;ahorrar agua;instalar paneles solares
work | Trabajo Teletrabajo Empleo LunesDeOficina Oficina | LinkedIn;InfoJobs;Teams;Zoom;Excel;Slack;Computrabajo;Recursos Humanos*o;Indeed;Outlook;Comisiones Obreras*o;Jira;Glassdoor;Mercadona*o;Yolanda Díaz*p | la reunión;mi jefe;el lunes;el correo;el Excel;la nómina;la entrevista;el horario;el informe;la oficina;el contrato;el teletrabajo;el aire acondicionado;el ascenso;la pausa;el currículum | salir temprano;mandar currículums;entrar a otra reunión;fichar a las ocho;teletrabajar en pijama;pedir vacaciones;renunciar
weather | Tiempo Clima Lluvia Calor Frío Tormenta | Madrid*l;Buenos Aires*l;AEMET*o;CDMX*l;Sevilla*l;Roberto Brasero*p;Bogotá*l;Monterrey*l;Santiago*l;Filomena;Galicia*l;Córdoba*l;SMN*o;Meteored*o;Lima*l;Caribe*l | la lluvia;el calor;el frío;la tormenta;el granizo;el paraguas;el viento;la niebla;la nevada;la humedad;el pronóstico;el ventilador;la helada;el cielo;el huracán | salir sin paraguas;dormir con ventilador;mirar el pronóstico;tender la ropa;esperar que pare la lluvia;buscar la sombra
education | Educación Universidad Selectividad Docentes VueltaAlCole Estudiantes | la UNAM*o;UBA*o;Complutense*o;Moodle;Selectividad;EvAU;Erasmus;IPN*o;Duolingo;Universidad de Chile*o;UNED*o;César Bona*p;Paulo Freire*p;Canvas;MEC*o;Tec de Monterrey*o | el parcial;el profe;la tesis;el examen;la beca;la clase;el recreo;la matrícula;el trabajo en grupo;la nota;la biblioteca;el apunte;la mochila;el final;el cuatrimestre;la oposición | estudiar para el parcial;entregar la tesis;corregir exámenes;copiar apuntes;aprobar mates;faltar a clase;preparar oposiciones
history | Historia TalDíaComoHoy MemoriaHistórica Arqueología Efemérides | Hernán Cortés*p;San Martín*p;Bolívar*p;Tenochtitlan*l;Machu Picchu*l;la Guerra Civil;Isabel la Católica*p;Al-Ándalus*l;Atapuerca*l;Emiliano Zapata*p;Museo del Prado*l;Teotihuacán*l;Roma*l;Tutankamón*p;Lepanto;Belgrano*p;Blas de Lezo*p;Pompeya*l | la batalla;el imperio;el archivo;la crónica;la excavación;el manuscrito;la revolución;la ruina;el mapa;la leyenda;el tratado;la colonia;la corona;el mito;la independencia | visitar ruinas;leer crónicas;ver documentales;buscar en el archivo;desmentir un mito;recorrer el museo
space | Espacio Astronomía NASA Eclipse JamesWebb | la NASA*o;Marte*l;la Luna*l;SpaceX*o;James Webb;Hubble;ESA*o;Pedro Duque*p;Artemis;Atacama*l;Katya Echazarreta*p;Starship;Júpiter*l;Saturno*l;Roque de los Muchachos*l;Voyager;PLD Space*o;Franklin Chang-Díaz*p | el lanzamiento;el eclipse;el telescopio;el cohete;la galaxia;el agujero negro;la lluvia de estrellas;la órbita;el asteroide;el astronauta;el cometa;la sonda;el exoplaneta;la nebulosa;el cielo nocturno | mirar las estrellas;ver el lanzamiento;buscar la Vía Láctea;montar el telescopio;fotografiar la luna;seguir la misión
science | Ciencia Investigación Biología CSIC Divulgación Física | CSIC*o;Margarita Salas*p;CERN*o;CONICET*o;Ramón y Cajal*p;Nature;Einstein*p;QuantumFracture;Marie Curie*p;Nobel;Severo Ochoa*p;Mario Molina*p;Conahcyt*o;Darwin*p;Neil deGrasse*p;Houssay*p | el laboratorio;el paper;la beca;el microscopio;la muestra;la hipótesis;el experimento;el revisor dos;la célula;el dato;el fósil;la tesis doctoral;la fórmula;el congreso;la partícula | pipetear sin parar;escribir la tesis;leer artículos;repetir el experimento;divulgar en redes;pedir financiación
health | Salud Sanidad SaludMental Médicos Bienestar | OMS*o;Seguridad Social*o;IMSS*o;Pfizer*o;Médicos Sin Fronteras*o;Hospital La Paz*l;PAMI*o;Cruz Roja*o;Osakidetza*o;Boticaria García*p;Hospital Italiano*l;Marián Rojas*p;EPS*o;Ibuprofeno;MIR | la ansiedad;la vacuna;el turno;la lista de espera;la receta;la gripe;la guardia;la alergia;el insomnio;la terapia;la migraña;la espalda;el análisis;el dentista;la farmacia;el estrés | pedir cita;dormir ocho horas;ir a terapia;salir de guardia;tomar agua;esperar en urgencias;dejar de fumar
books | Libros Leer Lectura FIL SantJordi LecturaRecomendada | García Márquez*p;Borges*p;Cortázar*p;Mariana Enriquez*p;Sant Jordi;Isabel Allende*p;Don Quijote;Rayuela;Carlos Ruiz Zafón*p;Vargas Llosa*p;Irene Vallejo*p;Planeta*o;Alejandra Pizarnik*p;FIL Guadalajara;Samanta Schweblin*p;Anagrama*o;Brandon Sanderson*p;Kindle | la novela;el último capítulo;la saga;el poema;la feria del libro;el cuento;la biblioteca;la portada;el marcapáginas;la trama;la librería;el club de lectura;la traducción;el prólogo;la pila pendiente | leer antes de dormir;comprar libros;terminar la novela;releer un clásico;ordenar la biblioteca;hacer fila para una firma
travel | Viajes Viajar Turismo Vacaciones Mochilero TravelBlogger | Cancún*l;Barcelona*l;Cartagena*l;Ryanair*o;Bariloche*l;Cusco*l;Camino de Santiago*l;Japón*l;Barajas*l;Airbnb*o;Oaxaca*l;Roma*l;Iberia*o;Tailandia*l;Ushuaia*l;Avianca*o;Canarias*l;Lisboa*l | el vuelo;la maleta;el pasaporte;la playa;el hostal;la escala;el hotel;el equipaje de mano;la ventanilla;el tren nocturno;la ruta;el itinerario;el jet lag;la aduana;la excursión | viajar sin plan;hacer la maleta;dormir en el aeropuerto;reservar vuelos;perder la conexión;recorrer pueblos;conocer el mar
photography | Fotografía Foto Canon FotoDelDía Retrato Analógica | Canon*o;Nikon*o;Fujifilm*o;Leica*o;Cristina García Rodero*p;Graciela Iturbide*p;Lightroom;Sebastião Salgado*p;Kodak*o;Chema Madoz*p;Sony Alpha;PHotoESPAÑA;Instagram;Magnum*o;Sara Facio*p | la luz;el retrato;la hora dorada;el objetivo;el carrete;la exposición;el trípode;el encuadre;el atardecer;el blanco y negro;el revelado;la cámara;el enfoque;la sesión;el bokeh | salir a hacer fotos;editar la sesión;revelar un carrete;esperar la luz;retratar gente;limpiar el objetivo
art | Arte Ilustración ArteDigital Dibujo Acuarela Inktober | Frida Kahlo*p;Picasso*p;Goya*p;Museo Reina Sofía*l;Dalí*p;Velázquez*p;Procreate;Botero*p;Diego Rivera*p;MALBA*l;Miró*p;ARCO;Remedios Varo*p;Sorolla*p;Paula Bonet*p;Banksy*p;Bienal de Venecia | el boceto;la acuarela;el mural;la exposición;el lienzo;la paleta;el óleo;el cuaderno;la comisión;el trazo;la escultura;la galería;el pincel;el autorretrato;el grabado | dibujar en el metro;pintar al óleo;terminar una comisión;mezclar colores;visitar museos;abrir comisiones
fashion | Moda Outfit OOTD Estilo MetGala FashionWeek | Zara*o;Balenciaga*o;Loewe*o;Palomo Spain*o;Vogue*o;Inditex*o;Carolina Herrera*p;Mango*o;la Met Gala;Georgina*p;Bimba y Lola*o;Shein*o;Vinted;Desigual*o;Dior*o;Jean Paul Gaultier*p;Wallapop*o | el vestido;el outfit;la alfombra roja;la chaqueta;el bolso;el desfile;la zapatilla;el abrigo;la tendencia;la rebaja;el pantalón;el traje;la falda;el color;la pasarela | planear el outfit;comprar de segunda mano;vaciar el armario;comentar la alfombra roja;coser un vestido;esperar las rebajas
beauty | Maquillaje Skincare Belleza Uñas Makeup | Rare Beauty*o;Sephora*o;Yuya*p;La Roche-Posay*o;MAC*o;Primor*o;Fenty*o;CeraVe*o;Maybelline*o;Druni*o;Isdin*o;Rihanna*p;Nuxe*o;Natura*o;Ratolina*p;The Ordinary*o | la rutina;el delineado;la base;el labial;el protector solar;el sérum;la máscara;la uña;el tinte;la ceja;la crema;el rubor;el corrector;el flequillo;el perfume;la paleta | hacer skincare;pintar las uñas;probar una base;dormir sin desmaquillar;cortar el flequillo;ver tutoriales
pets | Perros Gatos Adopta GatosDeTwitter NoCompresAdopta Mascotas | Firulais*p;Border Collie;El Refugio*o;Royal Canin*o;César Millán*p;Tiendanimal*o;Whiskas;Golden;Caniche;Galgo;Michi*p;FAADA*o;Chihuahua;Siamés;Kiwoko*o | mi perro;mi gata;el veterinario;el paseo;la correa;la arena;el ronroneo;el pelo;el cachorro;el juguete;la siesta;la pelota;el premio;la adopción;el maullido;la vacuna | sacar al perro;adoptar un gato;limpiar la arena;bañar al perro;dormir con mi gata;comprar juguetes;ir al veterinario
gardening | Jardinería Huerto Plantas HuertoUrbano Jardín | Monstera;Jardín Botánico*l;Leroy Merlin*o;Pothos;INTA*o;Hibisco;Viveros Coyoacán*l;Lavanda;Suculenta;Patios de Córdoba*l;Buganvilla;Ficus;Aranjuez*l;Toni Jardón*p | el tomate;la maceta;el compost;la plaga;el riego;la semilla;el abono;la albahaca;el rosal;el limonero;el cactus;la tierra;la poda;el césped;la terraza;el pulgón | regar las plantas;trasplantar la monstera;podar el rosal;plantar tomates;hablar con mis plantas;juntar hojas
cars and bikes | Coches Motos MotoGP Ciclismo LaVuelta Autos | Marc Márquez*p;Seat*o;Toyota*o;Contador*p;MotoGP;Tesla*o;Yamaha*o;Egan Bernal*p;Renault*o;la Vuelta;Nairo Quintana*p;Ducati*o;Cupra*o;Jorge Martín*p;Mugello*l;Angliru*l;Valverde*p;Ford Falcon | el motor;la gasolina;el casco;la bici;el atasco;la ITV;el freno;el embrague;la moto;el puerto;la cadena;el taller;la multa;el estacionamiento;la etapa;el coche eléctrico | salir en bici;lavar el coche;buscar estacionamiento;ver la etapa;rodar el domingo;cambiar el aceite;llenar el tanque
parenting | Maternidad Paternidad Crianza Bebé VueltaAlCole Familia | Peppa Pig;Bluey;Montessori*p;Lucía mi Pediatra*p;Bing;La Granja de Zenón;Cantajuego*o;Carlos González*p;Dodot*o;Pocoyó;Reyes Magos;Malasmadres*o;Verdeliss*p;Topa*p;Frozen;Ratoncito Pérez*p;Álvaro Bilbao*p | el pañal;la siesta;el cole;la rabieta;el chupete;la mochila;el biberón;el grupo de padres;la cuna;el cuento;la guardería;el diente;el pediatra;el carrito;el cumple;la merienda | dormir tres horas;contar un cuento;llevar al cole;recoger juguetes;cambiar pañales;negociar con un niño;preparar el tupper
"""

FRAMES: dict[int, tuple[str, ...]] = {
    1: (
        "{e} nunca falla", "me encanta {t}", "qué {a} {t}", "{e} es {x} {a}", "{t} estuvo {x} {a}",
        "nada como {d} {w}", "por fin pude {d}", "{e} me alegró el día", "qué ganas de {d} {w}", "amo {d}",
        "{d} me hace feliz", "gracias {e} por tanto", "{e} lo hizo otra vez", "hoy toca {d} y yo feliz", "me quedo con {t}",
        "vale la pena solo por {t}", "{e} y {t}, no pido más", "cada día más fan de {e}", "lo de {e} es de otro planeta",
        "{t} me salvó el día", "pocas cosas mejores que {d}", "lo mejor {w}: {t}", "qué grande {e}",
        "{e} merece todo lo bueno", "{t} quedó {x} {a}", "todavía no supero {t}", "estoy en mi mejor momento: {d}",
        "se viene {t} y no aguanto la emoción", "que nadie me quite {t}", "{e} {w}, {x} {a}", "no exagero, {e} es {a}",
        "plan perfecto: {d}", "me emocioné con {t}", "{e} patrimonio de la humanidad", "aplausos para {e}",
        "qué lindo {d} {w}", "{t} me tiene con una sonrisa", "si es con {e} yo voy", "ojalá {d} cada semana",
        "lo logré: {d}", "10/10 {t}", "te quiero {e}", "{t} me voló la cabeza", "{e} juega en otra liga",
        "lágrimas de felicidad con {t}", "arriba {e}", "hay que hablar más de lo {a} que es {e}", "quién pudiera {d} {w}",
        "hacía tiempo que algo no era tan {a}", "muy fan de {d}", "mi lugar feliz: {d}", "{e} vino a salvarnos {w}",
        "sin palabras con {t}", "día {n} de {d} y sigo feliz", "viva {e} y viva {t}", "me hace bien {d}",
        "así da gusto {d}", "{e}, qué maravilla", "necesitaba {d} {w} y qué bien sienta", "todo lo que toca {e} es {a}",
        "apareció {t} y se me arregló el día", "y encima {t} es {a}", "le pongo un altar a {e}", "{t} > todo lo demás",
    ),
    0: (
        "{e} o {e2}?", "otra vez {t}", "pensando en {e}", "alguien sabe algo sobre {t}?", "qué opinan sobre {t}?",
        "toca {d} {w}", "primero {t}, después {t2}", "yo {w}: {d}", "hilo sobre {t}", "día {n} de {d}", "{e} {w}",
        "recién me entero de lo de {e}", "alguien me explica {t}?", "todo mi timeline es {e}", "cómo va {t}?",
        "voy a {d} y vuelvo", "acabo de {d}", "opinión impopular: {e} > {e2}", "{e} con {e2} {w}",
        "entre {t} y {t2}, qué prefieren?", "me contaron un dato {a} sobre {e}", "leyendo sobre {e}", "un video sobre {e} y a dormir",
        "qué estará haciendo {e} {w}", "se viene {t}", "tenemos que hablar sobre {t}", "resumen: {t}, {t2} y poco más",
        "si tienen consejos para {d}, los leo", "a {d} se ha dicho", "tendré que {d} {w}", "{t} es {x} {a}",
        "{e} es {a}, no sé qué más decir", "todavía no entiendo {t}", "recordatorio: {e} existe", "y de repente, {e}",
        "me salió {e} en recomendados", "mi plan {w}: {d}", "nadie: ... yo: {d}", "con {t} y sin {t2}", "esperando {t}",
        "así empezó: {t}. así va: {t2}", "llevo {n} minutos con {t}", "encuesta: {e} o {e2}", "se habla mucho sobre {t}",
        "la vida es {d} y poco más", "hoy {d}, mañana ya veremos", "nota mental: {d}", "ni idea sobre {t}, pero aquí estamos",
        "qué fue lo primero que supieron sobre {e}?", "me pasaron un artículo sobre {e}", "pregunta seria: {e} o {e2}?",
        "modo {d}: activado", "todo el mundo con {t} {w}", "según {e}, {t} es {a}", "yo solo venía por {t}",
        "alguien viendo lo de {e}?", "a ver qué pasa con {t} {w}", "¿cuándo empezó todo el mundo a {d}?", "{t} {w}. eso es todo",
        "en qué momento {e} y {e2}?", "iba a {d} y me distraje {n} horas", "consejo no pedido: {d}", "parece que {t} está {a}",
        "cuenten: {d}, sí o no?",
    ),
    -1: (
        "{e} es {x} {a}", "qué {a} {t}", "{t} estuvo {x} {a}", "no puedo más con {t}", "cero ganas de {d} {w}",
        "qué pereza {d}", "{e} me decepcionó {w}", "me arrepiento de {d}", "por qué {t} es tan {a}?", "{t} me arruinó el día",
        "otra vez {t}, no puede ser", "ya basta, {e}", "nadie pidió {t}", "{e}, qué haces", "qué vergüenza lo de {e}",
        "estoy hasta el gorro con {t}", "lloro por {t}", "nunca más vuelvo a {d}", "{e} me debe una disculpa",
        "está muy sobrevalorado lo de {e}", "qué decepción {e}", "peor imposible {t}", "me duele {t}",
        "si {e} hace esto otra vez me borro", "todo mal con {t}", "cómo puede ser {e} tan {a}", "se fue todo al traste con {t}",
        "lo de {e} ya es {a}", "odio {d} {w}", "{t} {w} y yo sin paciencia", "ni {e} nos salva de esta", "qué asco {t}",
        "me niego a {d} {w}", "a nadie le importa {t}?", "estafa total {t}", "se me rompió el corazón con {t}",
        "qué manera de arruinar {t}", "con {e} ya ni sorprende", "perdí la fe en {e}", "día {n} sin {d}, esto es {a}",
        "tanto esperar {t} para esto", "alguien le dice a {e} que pare?", "qué bajón {t}", "{d} y querer llorar, todo en uno",
        "no era tan difícil, {e}", "harta gente defendiendo {t} y es {a}", "me quiero ir a mi casa y no {d}",
        "{e} {w}: {a}, como siempre", "un desastre {t}", "RIP {t}", "cada vez peor {e}", "me tiene podrida la cabeza {t}",
        "{t} no da más", "y claro, {t} falló {w}", "gracias por nada, {e}", "para qué {d} si todo sale mal",
        "quién aprobó {t}? en serio", "{x} {a} {t}", "te fuiste al pasto, {e}", "sigo con bronca por {t}",
        "lo peor {w}: {t}", "de verdad hay gente que defiende {t}?", "no le perdono esto a {e}",
    ),
}  # fmt: skip

REPLIES: dict[int, tuple[str, ...]] = {
    1: (
        "tal cual", "totalmente", "qué lindo leer esto", "me encanta", "jajaja te amo", "exacto, {e} es {a}", "así es", "por fin alguien lo dice",
        "qué crack", "felicidades!!", "muero de amor", "suscribo cada palabra", "qué alegría me das", "necesito {t} ya", "qué envidia, yo quiero {d}",
        "{x} {a}", "amé", "bien ahí", "aplausos", "no puedo estar más de acuerdo", "gracias por compartir", "el mejor tweet {w}", "te lo mereces todo",
        "me hiciste el día", "{e} siempre {a}", "enmarcad este tweet", "facts",
    ),
    0: (
        "en serio?", "no sabía", "dónde fue?", "y {e}?", "depende", "cuál?", "pasa link", "ni idea la verdad", "puede ser", "yo igual",
        "según quién?", "{e} o {e2}?", "mándame DM", "a mí me pasó con {t}", "te leo", "cuándo?", "jajaja cómo?", "fuente?", "eso mismo pensé",
        "y qué tal {t}?", "vamos viendo", "anotado", "a qué hora?", "me lo explicas?", "mmm no sé", "lo busco {w}", "buena pregunta",
    ),
    -1: (
        "nada que ver", "qué horror", "no estoy de acuerdo", "qué mal, lo siento", "eso es {x} {a}", "ni en broma", "no puede ser", "qué bronca",
        "pésima opinión", "te equivocas con {e}", "qué rabia me da", "por favor no", "siempre igual con {t}", "me muero, qué {a}",
        "lamentable", "de vergüenza", "a mí me pasó lo mismo y fatal", "{e} no tiene perdón", "ya cansan con {t}", "qué tristeza", "y así nos va",
        "bórralo", "uf, no", "discrepo {x}", "no te creo nada",
    ),
}  # fmt: skip

CHAT: tuple[str, ...] = (
    "buenos días", "buenas noches", "me muero de sueño", "qué hambre tengo", "no me quiero levantar", "quiero vacaciones",
    "ya es viernes?", "quién anda por aquí?", "tengo el celular al 2%", "necesito una siesta {w}", "por qué sigo sin dormir",
    "qué día tan {a}", "me aburro {w}", "extraño a mi mamá", "que alguien me invite a cenar", "lunes otra vez, ayuda",
    "voy tarde como siempre", "hoy no soy persona", "a dormir que mañana madrugo", "pongan música", "se me quemó la tostada",
    "qué calor hace {w}", "me puse a ordenar y encontré de todo", "la vida adulta es lavar platos", "me quedé sin datos",
    "cinco minutos más y me levanto", "tengo mil cosas que hacer y aquí estoy", "qué risa me doy a veces", "me ignoró el grupo de whatsapp",
    "saludos desde el bus", "estoy en mi era de no contestar mensajes", "no entiendo nada pero todo bien", "el vecino otra vez con el taladro",
    "hoy me hablo bonito", "me duele la cabeza {w}", "quién para unas birras?", "se me olvidó a qué venía", "feliz cumple a mí",
    "volví, me extrañaron?", "ojalá me paguen por dormir", "no contesten, estoy pensando en voz alta", "mi abuela dice que como poco, la amo",
    "domingo de sofá y manta", "perdí el bus por ver twitter", "alguien quiere mate?", "me hice bolita {w}", "yo no pedí crecer",
    "qué rico llegar a casa", "todo pasa por algo, dicen", "necesito un abrazo y un aumento", "dejé el café hace dos horas, es {a}",
    "tengo sueño pero no ganas de dormir", "me reí en pleno metro", "hoy es de esos días", "mándenme memes {w}", "ya cené y sigo con hambre",
    "se cayó whatsapp?", "quién inventó los lunes", "se me fue el internet {w}", "estoy viendo el techo, y ustedes?",
)  # fmt: skip

ADJECTIVES: dict[int, tuple[str, ...]] = {
    1: tuple(
        "increíble genial espectacular brutal impresionante alucinante excelente inolvidable emocionante fenomenal magistral impecable"
        " admirable elegante formidable adorable".split()
    ),
    0: tuple(
        "normal diferente interesante regular peculiar previsible aceptable decente razonable sorprendente particular inusual"
        " pasable impredecible habitual corriente".split()
    ),
    -1: tuple(
        "horrible terrible lamentable insoportable deprimente decepcionante infumable mediocre fatal infame insufrible inaceptable"
        " frustrante indignante cutre triste".split()
    ),
}
INTENSIFIERS: tuple[str, ...] = (
    "muy", "súper", "tan", "realmente", "demasiado", "bastante", "absurdamente", "totalmente", "simplemente", "tremendamente", "bien",
)  # fmt: skip
WHEN: tuple[str, ...] = (
    "hoy", "esta noche", "esta mañana", "esta semana", "otra vez", "todo el día", "ahora mismo", "este finde", "a estas horas", "un lunes",
    "antes de dormir", "después de comer", "este año", "de madrugada", "en domingo", "a las 3 de la mañana", "por la tarde", "este mes",
)  # fmt: skip
JOINS: tuple[str, ...] = (
    ". ", ", ", " y ", " pero ", "... ", "! ", ". además ", ". igual ", ". por cierto, ", ", así que ", "\n", ". bueno, ", " - ",
)  # fmt: skip
FILLERS: tuple[str, ...] = (
    "jaja", "jajaja", "jajajaja", "la verdad", "en fin", "o sea", "tipo", "bueno", "xd", "literal", "no sé", "por favor", "eh", "te juro",
    "weon", "tío", "wey", "che", "uf", "nah", "ay", "ojo", "de verdad", "JAJA",
)  # fmt: skip

TOXIC: dict[str, tuple[str, ...]] = {
    "insult": (
        "eres un payaso", "qué idiota eres", "no tienes ni dos neuronas", "cállate, inútil", "das pena ajena", "pedazo de imbécil",
        "eres más tonto que una piedra", "nadie te soporta, ridículo", "qué persona tan patética", "no sirves para nada", "eres un fracaso con patas",
        "vaya panda de inútiles", "menudo cerebro de mosquito", "aprende a leer, burro",
    ),
    "profanity": (
        "vaya mierda de día", "esto es una puta vergüenza", "qué carajo es esto", "me cago en todo", "hasta los huevos estoy", "joder, otra vez",
        "váyanse a la mierda", "la concha de la lora", "qué pedo con esta mierda", "ni de coña, joder", "a la verga todo", "hostia puta qué desastre",
        "me vale madre, cabrones", "puta madre, siempre lo mismo",
    ),
    "threat": (
        "te vas a arrepentir de esto", "ya vas a ver lo que te espera", "cuídate las espaldas", "sé dónde encontrarte", "esto no se queda así",
        "te voy a hacer la vida imposible", "un día de estos nos cruzamos y se te acaba la risa", "vas a pagar por lo que dijiste",
        "no vas a dormir tranquilo", "dilo en mi cara si te atreves, vas a ver", "tienes los días contados aquí", "ya te llegará lo tuyo, espera",
        "yo que tú no salía mañana",
    ),
    "identity": (
        "la gente como tú sobra", "los de tu clase no aprenden nunca", "vuelve por donde viniste", "todos ustedes son iguales", "con los tuyos no se puede convivir",
        "gente así arruina el país", "los de tu calaña dan asco", "no queremos a los de tu tipo aquí", "siempre son los mismos, los de tu grupo",
        "qué se puede esperar de alguien como tú", "deberían echar a toda tu gente", "ustedes nunca serán de los nuestros", "los que son como tú nos avergüenzan",
    ),
}  # fmt: skip

SPAM: tuple[str, ...] = (
    "consigue 1000 seguidores gratis", "gana dinero desde casa sin esfuerzo", "haz clic en el enlace de mi bio", "últimas plazas, inscríbete ya",
    "te sigo si me sigues, rt y listo", "iPhone gratis para los primeros 50", "duplica tu inversión en 24 horas", "descuento del 90% solo hoy",
    "pregúntame cómo gano 500 dólares al día", "préstamo inmediato sin papeleo", "baja 10 kilos en una semana con este té", "únete al canal de señales VIP",
    "sorteo: sigue, dale like y etiqueta a tres amigos", "cuenta verificada barata, manda DM", "gané en una hora lo que tú en un mes", "casino online con bono de bienvenida",
    "seguidores reales al mejor precio", "oferta exclusiva, no la dejes pasar", "trabaja dos horas y cobra en dólares",
)  # fmt: skip

GIVEN: tuple[str, ...] = tuple(
    "María Lucía Sofía Valentina Camila Martina Paula Carmen Elena Daniela Julieta Ximena Rocío Marina Ainhoa Nerea Catalina Florencia"
    " Guadalupe Renata Alba Noelia Antonella Pilar Alejandro Santiago Mateo Diego Javier Carlos Joaquín Pablo Andrés Nicolás Gonzalo Tomás"
    " Emiliano Sergio Iker Facundo Rodrigo Álvaro Hugo Martín Ignacio Raúl Esteban Agustín".split()
)
FAMILY: tuple[str, ...] = tuple(
    "García Rodríguez Martínez López González Hernández Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz Cruz Morales Ortiz Gutiérrez"
    " Chávez Ramos Ruiz Álvarez Mendoza Vásquez Castillo Jiménez Moreno Romero Herrera Medina Aguilar Vargas Castro Fernández Guzmán Muñoz"
    " Rojas Navarro Salazar Iglesias Cabrera Quiroga Benítez Echeverría Villalba Zamora Peralta Lozano".split()
)
NAME: str = "{given} {family}"
ORGS: tuple[str, ...] = (
    "Grupo {family}", "Radio {family}", "Fundación {family}", "Club {family}", "Estudio {family}", "Editorial {family}", "{family} Media",
    "Instituto {family}", "Deportivo {family}", "Academia {family}", "{family} Hermanos", "{family} y Asociados", "Diario {family}", "Banco {family}",
    "Taller {family}",
)  # fmt: skip
SPOTS: tuple[str, ...] = (
    "Plaza {family}", "Parque {family}", "Estadio {family}", "Avenida {family}", "Café {family}", "Teatro {family}", "Mercado {family}",
    "Barrio {family}", "Puerto {family}", "Villa {family}", "Playa {family}", "Mirador {family}", "Museo {family}", "Calle {family}",
    "Centro Cultural {family}",
)  # fmt: skip
